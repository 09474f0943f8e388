from collections.abc import Iterator

import pytest

from sightline.ground.patience import Patience
from sightline.package.compiled import Package
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.kfp.packages import flowers_package
from tests.sightline.targets.kfp.server import KubeflowServer, kubeflow_server

QUICK = Patience(
    connect_seconds=10,
    answer_seconds=20,
    pause_seconds=0.01,
    longest_wait_seconds=1,
    looks_after_seconds=(0.01, 0.1, 0.5),
)


@pytest.fixture(scope="session")
def package(once) -> Package:
    return once("kubeflow", flowers_package)


@pytest.fixture
def server() -> Iterator[KubeflowServer]:
    with kubeflow_server() as found:
        yield found


@pytest.fixture
def engine(server: KubeflowServer) -> KubeflowEngine:
    return KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=QUICK)
