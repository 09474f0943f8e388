"""A real container registry on this machine, for tests: Debian's `docker-registry`."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

# `ada`, with the password `secret`.
PASSWORD_FILE = "ada:$2b$04$ygZV40zwvLH58xyJEOBq.uRhBB5.vUdLW8Faw/dGjNDhFAHDq/Uv.\n"
PASSWORD = "YWRhOnNlY3JldA=="
"""The same as Docker's settings hold it."""


@contextmanager
def registry(folder: Path, *, host: str = "127.0.0.1", login: bool = False) -> Iterator[str]:
    """Serve a registry over plain http, and yield its host and port."""
    command = shutil.which("docker-registry")
    if command is None:
        pytest.skip("needs the command docker-registry: apt-get install docker-registry")
    address = f"{host}:{free_port(host)}"
    settings = write_settings(folder, address, login)
    with (folder / "registry.log").open("wb") as log:
        server = subprocess.Popen(
            [command, "serve", str(settings)], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until_it_answers(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def write_settings(folder: Path, address: str, login: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, object] = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {"addr": address},
    }
    if login:
        passwords = folder / "passwords"
        passwords.write_text(PASSWORD_FILE)
        settings["auth"] = {"htpasswd": {"realm": "tests", "path": str(passwords)}}
    path = folder / "registry.yml"
    path.write_text(yaml.safe_dump(settings))
    return path


def free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def wait_until_it_answers(address: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(f"http://{address}/v2/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"expected a registry at {address} within {seconds} s")
