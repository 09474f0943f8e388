from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.deploy.settings import DeploySettings
from components.deploy.targets.vertex.target import Target
from sightline.ground.patience import Patience
from tests.components.deploy.targets.served_bundles import ServedBundles, served_bundles
from tests.sightline.targets.vertex.server import (
    BUCKET,
    LOCATION,
    PROJECT,
    VertexServer,
    vertex_server,
)

QUICK = Patience(
    answer_seconds=60, pause_seconds=0.01, looks_after_seconds=(0.05, 0.1), longest_wait_seconds=5
)
IMAGE = "europe-west4-docker.pkg.dev/flowers/serving@sha256:" + "0" * 64


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBundles]:
    with served_bundles(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def cloud(servers: ServedBundles, monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexServer]:
    def start(model: Any, environment: Any) -> str:
        bucket, _, folder = environment["AIP_STORAGE_URI"].removeprefix("gs://").partition("/")
        files = {
            name.removeprefix(f"{folder}/"): blob.content
            for name, blob in cloud.storage.buckets[bucket].items()
            if name.startswith(f"{folder}/")
        }
        return f"{servers.address(files)}/v1/models/flowers:predict"

    with vertex_server(start) as cloud:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.address)
        yield cloud


def settings(cloud: VertexServer, **changes: object) -> DeploySettings:
    given: dict[str, object] = {
        "target": "vertex",
        "folder": f"gs://{BUCKET}/models/flowers",
        "serving_image": IMAGE,
        "vertex_project": PROJECT,
        "vertex_location": LOCATION,
        "vertex_api_endpoint": cloud.address,
        "vertex_sign_in": "anonymous",
        "canary_wait_seconds": 0.01,
        "ready_timeout_seconds": 60,
    }
    return DeploySettings.model_validate({**given, **changes})


def target(cloud: VertexServer, **changes: object) -> Target:
    return Target(settings(cloud, **changes), QUICK)


def files_of(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }
