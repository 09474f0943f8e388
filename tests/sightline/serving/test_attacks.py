"""What clients do to end, fill or stop a server, and that the others are answered meanwhile."""

import gzip
import io
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from sightline.serving.pool import TimeLimits
from tests.data import encoded
from tests.sightline.serving.processes import grandchildren
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import b64, grey, lay_version

PREDICT = "/v1/models/flowers:predict"
LIMITS = {"header_seconds": 0.5, "idle_seconds": 0.5, "max_connections": 20}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("models")
    lay_version(folder, 1)
    time_limits = TimeLimits(body_seconds=1.0, slow_seconds=0.3)
    with serving_folder(folder, max_body_mb=1, time_limits=time_limits, limits=LIMITS) as opened:
        yield opened


def honest(address: str) -> int:
    body = {"instances": [b64(grey(0))]}
    return httpx.post(address + PREDICT, json=body, timeout=30).status_code


@contextmanager
def connected(address: str, sent: bytes = b"") -> Iterator[socket.socket]:
    place = urlsplit(address)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=30) as client:
        client.sendall(sent)
        yield client


def until_closed(client: socket.socket) -> bytes:
    received = b""
    try:
        while data := client.recv(1 << 16):
            received += data
    except ConnectionResetError:
        pass
    return received


def post(size: int, *, path: str = PREDICT) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()


def with_scans(count: int, side: int = 200) -> bytes:
    """A progressive JPEG whose last scan is there many times."""
    whole = encoded(Image.new("L", (side, side), 9), "JPEG", progressive=True)
    start, end = whole.rindex(b"\xff\xda"), whole.rindex(b"\xff\xd9")
    return whole[:end] + whole[start:end] * count + whole[end:]


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: loc"], ids=["mute", "half"])
def test_a_client_that_does_not_finish_its_headers_is_left(address: str, sent: bytes) -> None:
    with connected(address, sent) as client:
        assert until_closed(client) == b""


def test_a_client_that_drips_its_headers_is_left(address: str) -> None:
    begun = connected(address, b"GET /healthz HTTP/1.1\r\nX-A: ")
    with begun as client, pytest.raises(OSError, match=r"reset|pipe"):
        for _ in range(200):
            client.sendall(b"a")
            time.sleep(0.05)


def test_a_client_that_does_not_finish_its_body_is_told(address: str) -> None:
    with connected(address, post(1_000) + b"{") as client:
        assert b" 408 " in until_closed(client)


def test_a_client_that_says_nothing_after_its_answer_is_left(address: str) -> None:
    with connected(address, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n") as client:
        assert until_closed(client).startswith(b"HTTP/1.1 200")


def test_mute_connections_make_room_for_those_that_ask(address: str) -> None:
    with ExitStack() as opened:
        for _ in range(60):
            opened.enter_context(connected(address))

        assert honest(address) == 200


def test_unfinished_bodies_take_no_more_memory_than_a_limit(address: str) -> None:
    with ExitStack() as opened:
        for _ in range(12):
            client = opened.enter_context(connected(address, post(1 << 20)))
            client.sendall(b" " * ((1 << 20) - 1))
        response = httpx.post(address + PREDICT, content=b" " * (1 << 19), timeout=30)

        assert response.status_code == 429
        assert response.headers["retry-after"] == "1"
    deadline = time.monotonic() + 30
    while honest(address) != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert honest(address) == 200


def test_a_jpeg_of_very_many_scans_is_refused_at_once(address: str) -> None:
    body = {"instances": [b64(with_scans(300))]}

    response = httpx.post(address + PREDICT, json=body, timeout=30)

    assert response.status_code == 400
    assert "at most 100 times" in response.json()["error"]


def test_the_work_of_clients_that_left_keeps_nobody_waiting(address: str) -> None:
    slow = with_scans(90, side=2_500)
    for _ in range(4):
        with connected(address, post(len(slow), path="/predict") + slow):
            time.sleep(0.2)  # until a worker has it

    assert honest(address) == 200


def test_a_png_that_is_resized_to_gigabytes_is_refused(address: str) -> None:
    wide = encoded(Image.new("1", (1_000_000, 1)), "PNG")
    tall = encoded(Image.new("1", (1, 1_000_000)), "PNG")

    statuses = [
        httpx.post(address + "/predict", content=image, timeout=60).status_code
        for image in (wide, tall)
    ]

    assert set(statuses) <= {200, 400, 413}
    assert honest(address) == 200


def test_an_animation_is_answered_by_its_first_frame(address: str) -> None:
    frames = [Image.new("RGB", (40, 40), (level,) * 3) for level in (0, 255, 128)]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)

    response = httpx.post(address + "/predict", content=file.getvalue(), timeout=30)

    assert response.json()["class_name"] == "dark"


def test_a_gzip_body_is_unpacked_no_further_than_the_limit(address: str) -> None:
    bomb = gzip.compress(b" " * (50 << 20))

    response = httpx.post(
        address + PREDICT, content=bomb, headers={"content-encoding": "gzip"}, timeout=30
    )

    assert response.status_code == 413
    assert "at most 1 MB once it is unpacked" in response.json()["error"]


def test_no_answer_is_lost_when_workers_are_killed(address: str) -> None:
    stop, statuses = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            statuses.append(honest(address))

    clients = [threading.Thread(target=ask) for _ in range(3)]
    for client in clients:
        client.start()
    for _ in range(5):
        time.sleep(0.4)
        for pid in grandchildren(os.getpid())[:1]:
            os.kill(pid, signal.SIGKILL)
    stop.set()
    for client in clients:
        client.join()

    assert set(statuses) == {200}


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"host": "evil.example"}, 403, "--allow-host"),
        ({"host": "["}, 403, "--allow-host"),
        ({"origin": "http://evil.example"}, 403, "--allow-origin"),
        ({"origin": "null"}, 403, "--allow-origin"),
        ({}, 200, "ok"),
    ],
)
def test_pages_of_others_may_not_ask_a_server_of_this_machine(
    address: str, headers: dict[str, str], status: int, words: str
) -> None:
    response = httpx.get(address + "/livez", headers=headers)

    assert response.status_code == status
    assert words in response.text


def test_the_own_page_may_ask(address: str) -> None:
    response = httpx.get(address + "/livez", headers={"origin": address})

    assert response.status_code == 200


def test_names_and_pages_may_be_allowed(tmp_path: Path) -> None:
    lay_version(tmp_path, 1)
    page = "https://shop.example"
    with serving_folder(tmp_path, allow_hosts=("models.example",), allow_origins=(page,)) as opened:
        headers = {"host": "models.example:80", "origin": page}
        response = httpx.get(opened + "/livez", headers=headers)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == page


def test_no_answer_tells_where_the_server_has_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "secret"
    lay_version(folder, 1)
    (lay_version(folder, 2) / "labels.txt").write_text("others\n")
    with serving_folder(folder) as opened:
        response = httpx.get(opened + "/v1/models/flowers")

    assert "missing or changed: labels.txt" in response.text
    assert "secret" not in response.text
    assert json.loads(response.text)["model_version_status"][0]["state"] == "END"
