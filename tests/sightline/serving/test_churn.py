"""Load, switches, killed workers and damaged versions at the same time."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.sightline.serving.processes import grandchildren
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import grey, lay_version

ROUNDS = 6
ROUND_SECONDS = 3.0


@pytest.mark.slow
def test_no_answer_is_lost_or_wrong_while_versions_switch_and_workers_die(tmp_path: Path) -> None:
    lay_version(tmp_path, 1)
    answers: list[tuple[int, str, str]] = []
    stop = threading.Event()

    def ask(address: str) -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            while not stop.is_set():
                response = client.post("/predict", content=grey(0))
                version = response.headers.get("x-model-version", "")
                answers.append((response.status_code, version, response.text))

    with serving_folder(tmp_path, poll_seconds=0.1) as address:
        clients = [threading.Thread(target=ask, args=(address,)) for _ in range(4)]
        for client in clients:
            client.start()
        for number in range(2, 2 + ROUNDS):
            lay_version(tmp_path, number, inverted=number % 2 == 0)
            damaged = lay_version(tmp_path, 1_000 + number)
            (damaged / "model.tflite").write_bytes(b"weights of something else")
            time.sleep(ROUND_SECONDS / 2)
            for pid in grandchildren(os.getpid())[:1]:
                os.kill(pid, signal.SIGKILL)
            time.sleep(ROUND_SECONDS / 2)
            shutil.rmtree(damaged)
        stop.set()
        for client in clients:
            client.join()

    assert {status for status, _, _ in answers} == {200}
    versions = {int(version) for _, version, _ in answers}
    assert len(versions) > 2
    assert max(versions) <= 1 + ROUNDS
    for _, version, text in answers:
        assert ('"light"' in text) == (int(version) % 2 == 0)
