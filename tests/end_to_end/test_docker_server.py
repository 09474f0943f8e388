"""The image of the server, as a cluster runs it: read-only, without a network or rights."""

import time
from collections.abc import Iterator

import pytest
from docker.models.containers import Container

from tests.sightline.serving.served import lay_version

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ASK = """
import json, urllib.request as web
instance = json.load(open("/mnt/models/1/golden.json"))["requests"][1]["instance"]
body = json.dumps({"instances": [instance]}).encode()
print(web.urlopen("http://127.0.0.1:8085/ask", body).read().decode())
"""
STORES = """
from sightline.ground.storage.stores import StoreOptions, open_store
options = StoreOptions(anonymous=True)  # looking for an account takes half a minute here
print([type(open_store(scheme, options)).__name__ for scheme in ("s3", "gs")])
"""
LARGEST = 450_000_000


@pytest.fixture(scope="module")
def server(
    docker_engine, stage_images, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Container]:
    folder = tmp_path_factory.mktemp("mounted") / "models"
    lay_version(folder, 1)
    container = docker_engine.containers.run(
        stage_images["serving"].reference,
        ["--model_name", "pets"],
        detach=True,
        read_only=True,
        tmpfs={"/tmp": ""},
        network_mode="none",
        cap_drop=["ALL"],
        environment={"AIP_HTTP_PORT": "8085", "AIP_PREDICT_ROUTE": "/ask"},
        volumes={str(folder): {"bind": "/mnt/models", "mode": "ro"}},
    )
    try:
        deadline = time.monotonic() + 60
        while not is_healthy(container) and time.monotonic() < deadline:
            time.sleep(0.2)
        yield container
    finally:
        container.remove(force=True)


def is_healthy(container: Container) -> bool:
    """What the image's own health check says."""
    check = container.attrs["Config"]["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    return bool(container.exec_run(check[1:]).exit_code == 0)


def said(container: Container, program: str) -> str:
    return str(container.exec_run(["python3", "-c", program]).output.decode())


def test_the_server_answers_read_only_without_network_and_rights(server: Container) -> None:
    assert is_healthy(server), server.logs().decode()
    assert '"class_name": "light"' in said(server, ASK)
    assert said(server, "import os; print(os.getuid())") == "1000\n"


def test_the_health_check_finds_a_server_that_listens_elsewhere(
    docker_engine, stage_images, server: Container
) -> None:
    mounted = [f"{one['Source']}:{one['Destination']}:ro" for one in server.attrs["Mounts"]]
    other = docker_engine.containers.run(
        stage_images["serving"].reference,
        ["--uds", "/tmp/server"],
        detach=True,
        network_mode="none",
        volumes=[one for one in mounted if "/mnt/models" in one],
    )
    try:
        deadline = time.monotonic() + 60
        while not is_healthy(other) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert is_healthy(other), other.logs().decode()
    finally:
        other.remove(force=True)


def test_the_server_can_open_stores(server: Container) -> None:
    assert said(server, STORES) == "['S3FileSystem', 'GCSFileSystem']\n"


def test_the_image_of_the_server_is_small_and_without_tensorflow(
    server: Container, stage_images
) -> None:
    probe = "import importlib.util as u; print(u.find_spec('tensorflow'), u.find_spec('pip'))"

    assert said(server, probe) == "None None\n"
    assert stage_images["serving"].size_bytes < LARGEST
