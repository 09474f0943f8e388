import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest

from sightline.ground.errors import one_line
from sightline.ground.run_folders import split_output
from sightline.ground.storage.stores import (
    StoreOptions,
    knows_endpoint,
    open_store,
    path_in_store,
    written_at,
)
from tests.components.ingest.web import loopback

EXECUTION = "0b1f6c52-7a34-4d11-9a2e-1c9d8f7e6a50"
KINDS = """
import gcsfs, json  # before anything of ours, as a notebook may
from sightline.ground.storage.stores import open_store

store = open_store("gs")
print(json.dumps([type(store).__module__, store.requests_timeout.sock_read]))
"""


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("photos/1.jpg", "photos/1.jpg"),
        ("file:///photos/1.jpg", "/photos/1.jpg"),
        ("minio://bucket/1.jpg", "bucket/1.jpg"),
        ("gs://bucket/1.jpg", "bucket/1.jpg"),
        ("https://example.com/1.jpg", "https://example.com/1.jpg"),
    ],
)
def test_a_store_knows_a_file_by_its_path_and_a_web_server_by_its_address(
    address: str, path: str
) -> None:
    assert path_in_store(address) == path


def test_google_storage_is_never_asked_what_kind_of_bucket_it_is() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KINDS], capture_output=True, text=True, check=True
    )

    assert json.loads(ended.stdout) == ["gcsfs.core", StoreOptions().silence_seconds]


def test_the_environment_says_where_s3_is_before_the_options_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = StoreOptions(endpoint="http://minio.example.com")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    assert open_store("minio", options).endpoint_url == "http://minio.example.com"
    assert knows_endpoint(options) and not knows_endpoint()

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:9000")

    assert open_store("s3", options).endpoint_url is None  # the client reads the environment
    assert knows_endpoint()


def test_time_limits_reach_s3s_client() -> None:
    store = open_store("s3", StoreOptions(connect_seconds=3, silence_seconds=7, max_attempts=1))

    assert store.config_kwargs == {
        "connect_timeout": 3,
        "read_timeout": 7,
        "retries": {"max_attempts": 1},
    }


class _Silent(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        time.sleep(2)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output free of requests."""


def test_a_web_server_that_says_nothing_is_given_up() -> None:
    with loopback(_Silent) as address:
        store = open_store("http", StoreOptions(silence_seconds=1))

        with pytest.raises(TimeoutError):
            store.cat_file(f"{address}/1.jpg")


def test_a_scheme_without_a_store_is_an_error() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        open_store("nowhere")


@pytest.mark.parametrize(
    "info",
    [
        {"LastModified": datetime(2026, 1, 2, tzinfo=UTC)},
        {"updated": "2026-01-02T00:00:00.000Z"},
        {"mtime": datetime(2026, 1, 2, tzinfo=UTC).timestamp()},
    ],
)
def test_every_store_says_when_a_file_was_written(info: dict[str, object]) -> None:
    assert written_at(info) == datetime(2026, 1, 2, tzinfo=UTC).timestamp()


def test_a_store_may_not_say_when_a_file_was_written() -> None:
    assert written_at({"name": "bucket/1.jpg", "updated": None}) == 0


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        (f"train/{EXECUTION}/model/model.keras", ("train", EXECUTION, "model/model.keras")),
        ("train_-77/model/model.keras", ("train_-77", "", "model/model.keras")),
        ("train/report", ("train", "", "report")),
        ("summary.json", ("summary.json", "", "")),
    ],
)
def test_outputs_lie_below_their_task_and_maybe_its_execution(
    path: str, parts: tuple[str, str, str]
) -> None:
    assert split_output(path) == parts


def test_an_error_of_a_library_is_one_short_line() -> None:
    assert one_line(ValueError("no\n  such   bucket.")) == "no such bucket"
    assert one_line(ValueError()) == "ValueError"
    assert len(one_line(ValueError("x" * 900))) == 200
