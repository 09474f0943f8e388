import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, unquote

import gcsfs.retry
import pytest
from gcsfs.core import GCSFileSystem

from components.ingest.fingerprint import fingerprint
from components.ingest.settings import FingerprintSettings
from sightline.ground.errors import DataError
from sightline.ground.source.remote.remote_files import filesystem
from sightline.ground.storage.redaction import redact
from sightline.ground.storage.store_errors import Cause, cause_of
from sightline.stage import log
from tests.certificate import write_certificate
from tests.components.ingest.ingesting import ingest_source
from tests.components.ingest.test_archives import packed
from tests.components.ingest.web import Behaviour, loopback, served
from tests.data import photo_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos", cats=2, **{"große hunde": 2})


def digest_of(source: str, folder: Path) -> str:
    fingerprint(digest=folder / "digest.txt", settings=FingerprintSettings(source=source))
    return (folder / "digest.txt").read_text()


def test_a_folder_that_a_web_server_lists_is_ingested(tmp_path: Path, photos: Path) -> None:
    with served(tmp_path) as address:
        result = ingest_source(f"{address}/photos/", tmp_path)

    assert result.refused == []
    assert result.info.class_counts == {"cats": 2, "große hunde": 2}
    assert result.examples[0].uri.startswith("http://127.0.0.1")


def test_a_table_behind_a_web_server_finds_its_images(tmp_path: Path, photos: Path) -> None:
    with served(tmp_path) as address:
        (photos / "labels.csv").write_text(
            f"path,label\ncats/0.jpg,a\n{address}/photos/cats/1.jpg,b\n/etc/passwd,b\n"
        )
        result = ingest_source(f"{address}/photos/labels.csv", tmp_path)

    assert result.labels == {"0.jpg": "a", "1.jpg": "b"}
    assert list(result.reasons) == ["/etc/passwd"]


@pytest.mark.parametrize("name", ["photos.zip", "photos.tar.gz"])
def test_an_archive_behind_a_web_server_is_ingested(
    tmp_path: Path, photos: Path, name: str
) -> None:
    packed(photos, tmp_path / name)
    with served(tmp_path, Behaviour(cut_times={name: 1})) as address:
        result = ingest_source(f"{address}/{name}", tmp_path)

    assert result.info.num_examples == 4


def test_a_connection_that_is_cut_in_an_image_is_tried_again(tmp_path: Path, photos: Path) -> None:
    behaviour = Behaviour(cut_times={"0.jpg": 2})
    with served(tmp_path, behaviour) as address:
        result = ingest_source(f"{address}/photos/", tmp_path)

    assert result.refused == []
    assert behaviour.cut_times == {"0.jpg": 0}


def test_a_connection_that_is_always_cut_costs_only_that_image(
    tmp_path: Path, photos: Path
) -> None:
    with served(tmp_path, Behaviour(cut_times={"1.jpg": 99})) as address:
        result = ingest_source(f"{address}/photos/", tmp_path)

    assert result.info.num_examples == 2
    assert set(result.reasons.values()) == {
        "download failed: connection cut before the end of the file"
    }


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "unreadable file: no such file"),
        (403, "unreadable file: access denied (status 403)"),
        (500, "download failed: status 500"),
    ],
)
def test_an_image_that_the_server_refuses_costs_only_itself(
    tmp_path: Path, photos: Path, status: int, reason: str
) -> None:
    with served(tmp_path, Behaviour(statuses={"/photos/cats/0.jpg": status})) as address:
        result = ingest_source(f"{address}/photos/", tmp_path)

    assert result.info.num_examples == 3
    assert list(result.reasons.values()) == [reason]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_listing_that_fails_stops_the_run_with_one_line(
    tmp_path: Path, photos: Path, status: int
) -> None:
    words = {403: "access denied", 404: "no such file", 500: "status 500"}[status]
    with (
        served(tmp_path, Behaviour(statuses={"/photos/": status})) as address,
        pytest.raises(DataError, match=f"expected files that can be read, received {words}"),
    ):
        ingest_source(f"{address}/photos/", tmp_path)


def test_a_server_that_is_not_there_stops_the_run_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"

        with pytest.raises(DataError, match="Look whether the server can be reached"):
            ingest_source(f"{address}/photos/", tmp_path)


def test_the_stage_reads_over_tls(tmp_path: Path, photos: Path) -> None:
    certificate = write_certificate(tmp_path / "loopback.pem")
    with served(tmp_path, certificate=certificate) as address:
        command = [sys.executable, "-m", "components.ingest", "--source", f"{address}/photos/"]
        ports = [
            *("--dataset", str(tmp_path / "dataset"), "--quarantine", str(tmp_path / "quarantine")),
            *("--report", str(tmp_path / "report.html"), "--fingerprint", "x"),
        ]
        trusting = {**os.environ, "SSL_CERT_FILE": str(certificate)}
        trusted = subprocess.run([*command, *ports], env=trusting, capture_output=True, check=False)
        plain = subprocess.run([*command, *ports], capture_output=True, check=False, text=True)

    assert trusted.returncode == 0, trusted.stderr
    assert plain.returncode == 2
    assert "certificate verify failed" in plain.stderr


def test_the_fingerprint_of_a_web_folder_changes_with_a_file(tmp_path: Path, photos: Path) -> None:
    with served(tmp_path) as address:
        first = digest_of(f"{address}/photos/", tmp_path)
        again = digest_of(f"{address}/photos/", tmp_path)
        with (photos / "cats/0.jpg").open("ab") as file:
            file.write(b"more")
        changed = digest_of(f"{address}/photos/", tmp_path)

    assert first == again != changed


@pytest.fixture
def bucket(photos: Path, s3_bucket: str) -> Iterator[str]:
    """The address of a bucket that holds the folder."""
    forget_connections()
    store = filesystem("s3")
    for path in photos.rglob("*.jpg"):
        store.pipe_file(f"{s3_bucket}/set/{path.relative_to(photos)}", path.read_bytes())
    yield f"s3://{s3_bucket}"
    forget_connections()


def forget_connections() -> None:
    """Let the next file system read the environment again."""
    import s3fs

    filesystem.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


def test_class_folders_in_a_bucket_are_ingested(tmp_path: Path, bucket: str) -> None:
    result = ingest_source(f"{bucket}/set", tmp_path)

    assert result.refused == []
    assert result.info.class_counts == {"cats": 2, "große hunde": 2}
    assert result.examples[0].uri == f"{bucket}/set/cats/0.jpg"


def test_a_local_table_may_name_images_in_a_bucket(tmp_path: Path, bucket: str) -> None:
    table = tmp_path / "labels.jsonl"
    lines = [
        {
            "imageGcsUri": f"{bucket}/set/cats/{name}.jpg",
            "classificationAnnotation": {"displayName": "a"},
        }
        for name in (0, 1, 9)
    ]
    table.write_text("\n".join(json.dumps(line) for line in lines))

    result = ingest_source(table, tmp_path)

    assert result.info.num_examples == 2
    assert result.reasons == {f"{bucket}/set/cats/9.jpg": "unreadable file: no such file"}


def test_a_table_and_an_archive_in_a_bucket_are_ingested(
    tmp_path: Path, photos: Path, bucket: str
) -> None:
    store = filesystem("s3")
    store.pipe_file(f"{bucket}/set/labels.csv", b"path,label\ncats/0.jpg,a\ncats/1.jpg,b\n")
    store.put_file(str(packed(photos, tmp_path / "set.zip")), f"{bucket}/set.zip")

    table = ingest_source(f"{bucket}/set/labels.csv", tmp_path / "a")
    archive = ingest_source(f"{bucket}/set.zip", tmp_path / "b")

    assert table.labels == {"0.jpg": "a", "1.jpg": "b"}
    assert archive.info.num_examples == 4


def test_a_bucket_that_is_not_there_stops_the_run(tmp_path: Path, bucket: str) -> None:
    with pytest.raises(DataError, match=r"no such file. Correct the address"):
        ingest_source("s3://other-bucket/set", tmp_path)


def test_missing_credentials_stop_the_run_with_one_line(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    forget_connections()
    table = tmp_path / "labels.csv"
    table.write_text(f"path,label\n{bucket}/set/cats/0.jpg,a\n")

    for source in (f"{bucket}/set", str(table)):
        with pytest.raises(DataError, match=r"received no credentials. For s3:// set AWS_ACCESS"):
            ingest_source(source, tmp_path)


def test_the_fingerprint_of_a_bucket_and_of_a_table_sees_a_changed_object(
    tmp_path: Path, bucket: str
) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(f"path,label\n{bucket}/set/cats/0.jpg,a\n")
    sources = (f"{bucket}/set", str(table))
    first = [digest_of(source, tmp_path) for source in sources]
    again = [digest_of(source, tmp_path) for source in sources]

    filesystem("s3").pipe_file(f"{bucket}/set/cats/0.jpg", b"changed")
    changed = [digest_of(source, tmp_path) for source in sources]

    assert first == again
    assert all(before != after for before, after in zip(first, changed, strict=True))


def test_images_whose_changes_are_not_seen_are_warned_of(tmp_path: Path, photos: Path) -> None:
    with served(tmp_path) as address:
        table = tmp_path / "labels.csv"
        table.write_text(f"path,label\n{address}/photos/cats/0.jpg,a\n")
        digest = digest_of(str(table), tmp_path)

        with log.hearing() as warned:
            ingest_source(str(table), tmp_path, fingerprint=digest)

    assert digest.startswith("partial-")
    assert len(warned) == 1
    assert "Set ingest.cache_max_age" in warned[0]


def test_addresses_are_shown_without_their_secrets() -> None:
    address = "https://me:pass@host/a.zip?id=5&X-Amz-Signature=abc&token=xyz"

    assert redact(address) == "https://hidden@host/a.zip?id=5&X-Amz-Signature=hidden&token=hidden"


class _GoogleStorage(BaseHTTPRequestHandler):
    """The two calls of Google Cloud Storage's JSON API that reading needs, over a folder."""

    folder: Path

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        name = unquote(path.partition("/o/")[2])
        if name:
            self._answer((self.folder / name).read_bytes())
            return
        prefix = parse_qs(query).get("prefix", [""])[0]
        files = [p for p in sorted(self.folder.rglob("*")) if p.is_file()]
        names = [str(p.relative_to(self.folder)) for p in files]
        items = [
            {"name": n, "bucket": "flowers", "size": str(p.stat().st_size), "generation": "1"}
            for n, p in zip(names, files, strict=True)
            if n.startswith(prefix)
        ]
        self._answer(json.dumps({"items": items}).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output free of requests."""


def test_class_folders_in_a_google_bucket_are_ingested(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = type("Handler", (_GoogleStorage,), {"folder": tmp_path})
    with loopback(handler) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        filesystem.cache_clear()
        GCSFileSystem.clear_instance_cache()
        result = ingest_source("gs://flowers/photos", tmp_path)
        filesystem.cache_clear()
        GCSFileSystem.clear_instance_cache()

    assert result.refused == []
    assert result.info.class_counts == {"cats": 2, "große hunde": 2}
    assert result.examples[0].uri == "gs://flowers/photos/cats/0.jpg"


def test_what_google_says_without_credentials_is_understood() -> None:
    error = gcsfs.retry.HttpError({"code": 401, "message": "Anonymous caller does not have access"})

    assert cause_of(error) is Cause.CREDENTIALS
    assert cause_of(OSError("Forbidden: https://storage.googleapis.com/x")) is Cause.DENIED
