"""What a server keeps of its answers for monitoring."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import Any

import httpx
import pytest

from sightline.ground.errors import SettingsError
from sightline.serving.options import ServerOptions
from sightline.serving.sampling.frames import FrameError, unpack
from sightline.stage.formats.samples import read_samples
from tests.sightline.serving.processes import children
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import b64, grey

PREDICT = "/v1/models/flowers:predict"


@contextmanager
def sampling(folder: Path, to: Path, **options: Any) -> Iterator[httpx.Client]:
    options = {"sample_share": 1.0, "sample_folder": to, **options}
    with (
        serving_folder(folder, **options) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


def counted(client: httpx.Client, outcome: str) -> float:
    text = client.get("/metrics").text
    found = re.search(rf'sightline_samples_total{{outcome="{outcome}"}} (\S+)', text)
    assert found
    return float(found[1])


def test_answers_are_written_when_the_server_ends(folder: Path, tmp_path: Path) -> None:
    with sampling(folder, tmp_path / "s", sample_images=True) as client:
        body = {"instances": [b64(grey(0)), b64(grey(255))]}
        client.post(PREDICT, json=body, headers={"x-request-id": "job-1"})
        client.post("/predict", content=b"no image")

    dark, light = read_samples(tmp_path / "s")
    assert (dark.version, dark.request_id) == (3, "job-1")
    assert dark.id == hashlib.sha256(grey(0)).hexdigest()
    assert dark.outputs["probabilities"] == pytest.approx([1.0, 0.0])
    assert light.embedding == pytest.approx([0.0, 1.0], abs=1e-6)
    assert abs(time.time() - dark.time.timestamp()) < 60
    assert dark.image == grey(0)
    assert [path.suffix for path in (tmp_path / "s").iterdir()] == [".parquet"]


def test_a_share_of_the_images_is_kept(folder: Path, tmp_path: Path) -> None:
    with sampling(folder, tmp_path, sample_share=0.25) as client:
        for _ in range(2):
            client.post(PREDICT, json={"instances": [b64(grey(0))] * 200})

    # 100 are expected; 50 are six standard deviations from that.
    samples = list(read_samples(tmp_path))
    assert 50 < len(samples) < 150
    assert {sample.image for sample in samples} == {None}


def test_a_writer_that_is_ended_is_started_again_and_answers_do_not_wait(
    folder: Path, tmp_path: Path
) -> None:
    with sampling(folder, tmp_path) as client:
        client.post("/predict", content=grey(0))
        (writer,) = [one for one in children(os.getpid()) if "sampling" in command_of(one)]
        os.kill(writer, signal.SIGKILL)

        while not counted(client, "dropped"):
            assert client.post("/predict", content=grey(0)).status_code == 200


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_a_server_that_is_ended_by_a_signal_keeps_what_it_has(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a-token-of-this-test")
    command = [sys.executable, "-m", "sightline", "serve", str(folder), "--port", "0"]
    command += ["--sample-share", "1", "--sample-folder", str(tmp_path / "s"), "--access-log"]
    command += ["--token-file", str(tmp_path / "token"), "--workers", "1"]
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout
        address = process.stdout.readline().split()[2].rstrip(".")
        headers = {"authorization": "Bearer a-token-of-this-test"}
        response = httpx.post(f"{address}/predict", content=grey(0), headers=headers)
        process.terminate()
        _, said = process.communicate(timeout=60)

    assert (response.status_code, process.returncode) == (200, 0)
    assert response.headers["x-request-id"] in said
    assert "a-token-of-this-test" not in said
    (sample,) = read_samples(tmp_path / "s")
    assert sample.request_id == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_share": 1.5}, "--sample-share: expected 0 to 1"),
        ({"sample_share": 0.1}, "--sample-folder, or none"),
        ({"sample_folder": Path("x")}, "a share above 0"),
        ({"sample_max_mb": 1}, "--sample-max-mb"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    folder: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        ServerOptions(folder=folder, **options)


def test_a_folder_that_cannot_be_made_is_told_at_the_start(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="--sample-folder"), sampling(folder, tmp_path / "file"):
        pass


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\xff", b"\0\0\0\2{}", b"\0\0\0\2[]"])
def test_bytes_that_are_no_samples_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        list(unpack(data))
