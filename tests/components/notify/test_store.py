"""Notify reads object stores: real clients against servers on loopback."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, unquote

import pytest
import s3fs
from gcsfs.core import GCSFileSystem

from components.notify.findings import Findings
from components.notify.place import place_of
from components.notify.stage import look_around
from components.notify.store import Store, StoreError, open_filesystem
from tests.components.ingest.web import loopback
from tests.components.notify.ended_runs import LAYOUTS, RUNS, Runs

pytestmark = pytest.mark.slow


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Two Kubeflow runs on disk, to be copied into a store; the second reused evaluate."""
    runs, (first, second, _) = Runs(tmp_path / "store", "kubeflow"), RUNS["kubeflow"]
    runs.write(first)
    runs.notify(first)
    runs.write(second, num_images=112, without=("evaluate",))
    return runs


def found_at(root: str, run: str, engine: str = "kubeflow") -> Findings:
    folder = LAYOUTS[engine].format(run=run, task="notify")
    place = place_of(f"{root}/{folder}/summary", "notify")
    return look_around(place, "", None)


@pytest.fixture
def bucket(runs: Runs, s3_bucket: str) -> str:
    """A bucket that holds the runs; its name."""
    store = s3fs.S3FileSystem()
    # The order of the runs is that of their objects' times.
    for path in sorted(runs.root.rglob("*"), key=lambda path: path.stat().st_mtime_ns):
        if path.is_file():
            store.pipe_file(f"{s3_bucket}/{path.relative_to(runs.root)}", path.read_bytes())
    return s3_bucket


@pytest.mark.parametrize("scheme", ["s3", "minio"])
def test_the_runs_in_a_bucket_are_read(bucket: str, scheme: str) -> None:
    first, second, _ = RUNS["kubeflow"]

    found = found_at(f"{scheme}://{bucket}", second)

    assert found.outcome().num_images == 112
    assert found.outcome().headline == ()
    assert found.baseline is not None and found.baseline.run == first
    assert found.reports["ingest"].startswith(f"{scheme}://{bucket}/v2/artifacts/flowers-training/")


def test_missing_credentials_are_said_in_words(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    s3fs.S3FileSystem.clear_instance_cache()

    found = found_at(f"s3://{bucket}", RUNS["kubeflow"][1])

    assert found.documents == {}
    [note] = found.notes
    assert "NoCredentialsError: Unable to locate credentials. Let the task list and read" in note


def test_a_bucket_that_is_not_there_is_said_in_words(bucket: str) -> None:
    [note] = found_at("s3://no-such-bucket-anywhere", RUNS["kubeflow"][1]).notes

    assert note.startswith("Not all artifacts of the run could be read: FileNotFoundError")


def test_a_server_that_is_not_there_is_said_in_words(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    s3fs.S3FileSystem.clear_instance_cache()

    [note] = found_at(f"s3://{bucket}", RUNS["kubeflow"][1]).notes

    assert note.startswith("Not all artifacts of the run could be read: EndpointConnectionError")


def test_minio_without_an_address_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    with pytest.raises(StoreError, match="does not know where MinIO is: set AWS_ENDPOINT_URL"):
        open_filesystem("minio")


def test_a_store_of_another_kind_is_said_in_words() -> None:
    with pytest.raises(StoreError, match="expected s3, minio or gs"):
        open_filesystem("oci")


class _GoogleStorage(BaseHTTPRequestHandler):
    """What reading needs of Google Cloud Storage's JSON API, over a folder."""

    folder: Path

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        name = unquote(path.partition("/o/")[2])
        options = {key: values[0] for key, values in parse_qs(query).items()}
        if name and (path.startswith("/download") or options.get("alt") == "media"):
            self._answer((self.folder / name).read_bytes())
        elif name:
            found = self.folder / name
            self._answer(json.dumps(self._item(found)).encode() if found.is_file() else b"", 404)
        else:
            self._list(options.get("prefix", ""), options.get("delimiter", ""))

    def _list(self, prefix: str, delimiter: str) -> None:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        names = {str(path.relative_to(self.folder)): path for path in files}
        items, prefixes = [], set()
        for name, path in names.items():
            if not name.startswith(prefix):
                continue
            below, slash, _ = name.removeprefix(prefix).partition("/")
            if delimiter and slash:
                prefixes.add(f"{prefix}{below}/")
            else:
                items.append(self._item(path))
        self._answer(json.dumps({"items": items, "prefixes": sorted(prefixes)}).encode())

    def _item(self, path: Path) -> dict[str, str]:
        name, status = str(path.relative_to(self.folder)), path.stat()
        updated = f"2026-11-22T08:00:{status.st_mtime_ns % 10:02d}.000Z"
        size = str(status.st_size)
        return {"name": name, "bucket": "runs", "size": size, "updated": updated}

    def _answer(self, body: bytes, otherwise: int = 200) -> None:
        self.send_response(200 if body else otherwise)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output free of requests."""


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Vertex AI's layout of two jobs, in a bucket `runs` on loopback."""
    runs, (first, second, _) = Runs(tmp_path / "google", "vertex"), RUNS["vertex"]
    runs.write(first, accuracy=0.9)
    runs.notify(first)
    runs.write(second)
    handler = type("Handler", (_GoogleStorage,), {"folder": runs.root})
    with loopback(handler) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        GCSFileSystem.clear_instance_cache()
        yield runs
        GCSFileSystem.clear_instance_cache()


def test_the_jobs_in_a_google_bucket_are_read(google: Runs) -> None:
    first, second, _ = RUNS["vertex"]

    found = found_at("gs://runs", second, "vertex")

    assert found.notes == []
    assert [figure.value for figure in found.outcome().headline] == [0.97]
    assert found.last is not None and found.last.run == first
    assert found.reports["evaluate"].startswith("gs://runs/root/4711/")


def test_a_mounted_google_bucket_is_read_through_its_mount(tmp_path: Path) -> None:
    report = tmp_path / "gcs/bucket/runs/12345/flowers-1/train_-77/report"
    report.parent.mkdir(parents=True)
    report.write_text("<!doctype html>", encoding="utf-8")
    place = place_of("gs://bucket/runs/12345/flowers-1/notify_9/summary", "notify")
    assert place is not None

    store = Store(place, tmp_path / "gcs")
    file = store.files("flowers-1")[("train", "report")]

    assert store.address(file) == "gs://bucket/runs/12345/flowers-1/train_-77/report"
    assert store.read(file) == b"<!doctype html>"
