from collections.abc import Iterator

import pytest

from sightline.ground.patience import Patience
from sightline.package.compiled import Package
from sightline.targets.vertex.engine import VertexEngine
from tests.sightline.targets.vertex.packages import flowers_package
from tests.sightline.targets.vertex.server import VertexServer, vertex_server

QUICK = Patience(answer_seconds=10, pause_seconds=0.01)


@pytest.fixture(scope="session")
def package(once) -> Package:
    return once("vertex", flowers_package)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexServer]:
    with vertex_server() as found:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", found.address)
        yield found


@pytest.fixture
def engine(server: VertexServer) -> VertexEngine:
    return VertexEngine(server.target(), "cloud", "flowers", QUICK)
