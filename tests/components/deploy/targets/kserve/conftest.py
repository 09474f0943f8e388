from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.applications import Starlette

from components.deploy.settings import DeploySettings
from components.deploy.targets.kserve.target import Target
from sightline.ground.patience import Patience
from tests.components.deploy.targets.kserve.cluster import KServe
from tests.components.deploy.targets.served_bundles import ServedBundles, served_bundles
from tests.sightline.serving.running import running
from tests.sightline.targets.loopback import answer_refusal, served
from tests.sightline.targets.vertex.storage import Storage
from tests.sightline.targets.vertex.wire import Refused

QUICK = Patience(answer_seconds=60, pause_seconds=0.01, longest_wait_seconds=5)
IMAGE = "registry.example.com/vision/sightline-serving@sha256:" + "0" * 64


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedBundles]:
    with served_bundles(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    storage = Storage({"flowers": {}})
    handlers: Any = {Refused: answer_refusal}
    with running(Starlette(routes=storage.routes(), exception_handlers=handlers)) as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        yield storage


@pytest.fixture
def cluster(
    servers: ServedBundles, storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[KServe]:
    def start(container: dict[str, Any]) -> str:
        told = {one["name"]: one["value"] for one in container["env"]}
        bucket, _, folder = told["STORAGE_URI"].removeprefix("gs://").partition("/")
        files = {
            name.removeprefix(f"{folder}/"): blob.content
            for name, blob in storage.buckets[bucket].items()
            if name.startswith(f"{folder}/")
        }
        return servers.address(files)

    with served(KServe(start)) as cluster:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "kubeconfig", cluster.address)))
        yield cluster


def kubeconfig(path: Path, address: str) -> Path:
    named = {"name": "here"}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{**named, "cluster": {"server": address}}],
        "users": [{**named, "user": {"token": "a-token"}}],
        "contexts": [
            {**named, "context": {"cluster": "here", "user": "here", "namespace": "vision"}}
        ],
    }
    path.write_text(yaml.safe_dump(document))
    return path


def settings(**changes: object) -> DeploySettings:
    given: dict[str, object] = {
        "target": "kserve",
        "folder": "gs://flowers/models/flowers",
        "serving_image": IMAGE,
        "canary_wait_seconds": 0.01,
        "ready_timeout_seconds": 20,
    }
    return DeploySettings.model_validate({**given, **changes})


def target(**changes: object) -> Target:
    return Target(settings(**changes), QUICK)
