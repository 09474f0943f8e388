from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import lay_version


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop of coroutines that are tests."""
    return "asyncio"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with version 3, which tests only read."""
    made = tmp_path_factory.mktemp("models")
    lay_version(made, 3)
    return made


@pytest.fixture(scope="session")
def client(folder: Path) -> Iterator[httpx.Client]:
    """A client of a server that tests share; a body may have 1 MB."""
    with (
        serving_folder(folder, max_body_mb=1) as address,
        httpx.Client(base_url=address, timeout=30) as opened,
    ):
        yield opened
