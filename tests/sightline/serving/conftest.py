import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The loop of coroutines that are tests."""
    return "asyncio"
