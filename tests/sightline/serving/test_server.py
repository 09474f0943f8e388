"""The real server process with a real model, as users start it."""

import base64
import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sightline.ground.models.model_folder import FolderError
from sightline.serving.options import ServerOptions
from sightline.serving.server import serve
from sightline.serving.web.listening import listening
from sightline.stage.formats.bundle import SAVED_MODEL, read_golden, read_info, write_info
from tests.bundles import add_version
from tests.sightline.serving.processes import family, is_alive
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import lay_version

START = (
    "import sys; from pathlib import Path; from sightline.serving.options import ServerOptions;"
    "from sightline.serving.server import serve;"
    "serve(ServerOptions(folder=Path(sys.argv[1]), port=0, poll_seconds=float(sys.argv[2])),"
    " ready=lambda a: print(a, flush=True))"
)


class Running:
    """A server process."""

    def __init__(self, folder: Path, *, poll_seconds: float = 0.1) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(folder), str(poll_seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.address = output.readline().strip()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=60) as response:
            return json.load(response)

    def predict(self, image: bytes) -> tuple[int, Any]:
        body = json.dumps({"instances": [{"b64": base64.b64encode(image).decode()}]})
        request = urllib.request.Request(
            f"{self.address}/v1/models/model:predict", body.encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return int(response.headers["x-model-version"]), json.load(response)["predictions"][0]


def lay_out(bundle: Path, version: Path, *, digest: str = "") -> None:
    staged = version.with_name(f".staging-{version.name}")
    shutil.copytree(bundle / SAVED_MODEL, staged)
    for path in bundle.iterdir():
        if path.is_file():
            shutil.copy2(path, staged)
    if digest:
        write_info(staged, replace(read_info(staged), digest=digest))
    staged.rename(version)


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("models")
    lay_out(bundle, folder / "1")
    running = Running(folder)
    yield running
    running.stop()


@pytest.mark.slow
def test_golden_requests_are_answered_as_they_were_exported(server: Running, bundle: Path) -> None:
    for golden in read_golden(bundle):
        _, prediction = server.predict(golden.image)

        assert prediction["class_name"] == golden.expected["class_name"]
        assert prediction["probabilities"] == pytest.approx(
            golden.expected["probabilities"], abs=1e-4
        )


@pytest.mark.slow
def test_the_metadata_describes_both_signatures(server: Running) -> None:
    content = server.get("/v1/models/model/metadata")

    signatures = content["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"
    assert signatures["serving_default"]["inputs"]["image_bytes"]["dtype"] == "DT_STRING"
    assert signatures["serving_pixels"]["inputs"]["pixels"]["dtype"] == "DT_UINT8"
    assert signatures["serving_default"]["outputs"]["class_index"]["dtype"] == "DT_INT64"


@pytest.mark.slow
def test_a_switch_to_a_new_version_loses_no_request(server: Running, bundle: Path) -> None:
    image = read_golden(bundle)[0].image
    answered: list[int] = []
    faults: list[BaseException] = []
    enough = threading.Event()

    def ask() -> None:
        try:
            while not enough.is_set():
                answered.append(server.predict(image)[0])
        except BaseException as fault:
            faults.append(fault)

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    lay_out(bundle, server.folder / "2", digest="another")
    deadline = time.monotonic() + 120
    while 2 not in answered and not faults and time.monotonic() < deadline:
        time.sleep(0.05)
    enough.set()
    for client in clients:
        client.join()

    assert faults == []
    assert set(answered) == {1, 2}
    assert server.get("/healthz")["version"] == 2


@pytest.mark.slow
def test_sigterm_ends_the_server_after_the_requests_in_flight(bundle: Path, tmp_path: Path) -> None:
    lay_out(bundle, tmp_path / "models" / "1")
    running = Running(tmp_path / "models")
    image = base64.b64encode(read_golden(bundle)[0].image).decode()
    body = json.dumps({"instances": [{"b64": image}] * 50})
    clients = [http.client.HTTPConnection(urlsplit(running.address).netloc) for _ in range(8)]
    for client in clients:
        client.request("GET", "/healthz")
        client.getresponse().read()

    for client in clients:
        client.request("POST", "/v1/models/model:predict", body)
    time.sleep(0.3)  # until the server has read them
    running.process.terminate()
    statuses = [client.getresponse().status for client in clients]

    for client in clients:
        client.close()
    assert statuses == [200] * 8
    assert running.process.wait(60) == 0


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("::1", "http://[::1]:"),
        ("localhost", "http://localhost:"),
        ("0.0.0.0", "http://127.0.0.1:"),
    ],
)
def test_the_address_can_be_used_as_it_is_printed(host: str, address: str, tmp_path: Path) -> None:
    lay_version(tmp_path, 1)
    with (
        serving_folder(tmp_path, host=host) as printed,
        urllib.request.urlopen(f"{printed}/livez", timeout=60) as response,
    ):
        status = response.status

    assert printed.startswith(address)
    assert status == 200


def test_answers_do_not_wait_for_acknowledgements(tmp_path: Path) -> None:
    with (
        listening(ServerOptions(folder=tmp_path, port=0)) as (listener,),
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            protocol = accepted.proto

    assert protocol == socket.IPPROTO_TCP  # asyncio then sets TCP_NODELAY


def test_a_reload_finds_what_did_not_load_before(tmp_path: Path) -> None:
    lay_version(tmp_path, 1, name="model")
    broken = lay_version(tmp_path, 2, name="model") / "labels.txt"
    labels = broken.read_bytes()
    broken.write_bytes(b"others")
    running = Running(tmp_path, poll_seconds=3600)
    before = running.get("/healthz")["version"]

    broken.write_bytes(labels)
    running.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while running.get("/healthz")["version"] != 2 and time.monotonic() < deadline:
        time.sleep(0.02)

    assert (before, running.get("/healthz")["version"]) == (1, 2)
    assert running.stop() == 0


def test_tensorflow_is_not_imported_and_no_process_is_left(tmp_path: Path) -> None:
    lay_version(tmp_path, 1, name="model")
    running = Running(tmp_path)
    processes = family(running.process.pid)
    maps = [Path(f"/proc/{pid}/maps").read_text() for pid in processes]

    code = running.stop()

    assert code == 0
    assert len(processes) >= 3
    assert not any("tensorflow/python" in text for text in maps)
    deadline = time.monotonic() + 30
    while any(map(is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, processes))


@pytest.mark.slow
def test_sigterm_ends_the_server_whatever_clients_do(tmp_path: Path) -> None:
    lay_version(tmp_path, 1, name="model")
    running = Running(tmp_path)
    place = urlsplit(running.address)
    clients = [socket.create_connection((place.hostname, place.port)) for _ in range(3)]
    for client in clients:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx")
    time.sleep(0.5)  # until the server has read them

    start = time.monotonic()
    code = running.stop()

    for client in clients:
        client.close()
    assert code == 0
    assert time.monotonic() - start < 25


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(FolderError, match=f"listen on 127.0.0.1:{port}; the system says"):
            serve(ServerOptions(folder=tmp_path, port=port))


def test_a_folder_without_versions_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a model folder with a version in it"):
        serve(ServerOptions(folder=tmp_path, port=0))
