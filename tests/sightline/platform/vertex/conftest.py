from collections.abc import Iterator

import pytest

from sightline.platform.engine import Package
from sightline.platform.vertex.engine import VertexEngine
from sightline.platform.vertex.service import Patience
from tests.sightline.platform.vertex.packages import flowers_package
from tests.sightline.platform.vertex.server import VertexServer, vertex_server

QUICK = Patience(first_wait_seconds=0.01, timeout_seconds=10)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return flowers_package(tmp_path_factory.mktemp("vertex"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexServer]:
    with vertex_server() as found:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", found.address)
        yield found


@pytest.fixture
def engine(server: VertexServer) -> VertexEngine:
    return VertexEngine(server.target(), "cloud", QUICK)
