"""Health is what the server does now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sightline.serving.generation import Generation
from sightline.serving.health import Health
from sightline.serving.pool import Pool, TimeLimits
from sightline.serving.versions import Versions
from tests.bundles import add_version
from tests.sightline.serving.test_pool import Obedient, asked

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def watched(tmp_path: Path, pool: Pool) -> AsyncIterator[tuple[Health, Versions]]:
    add_version(tmp_path / "models", 1)

    async def load(number: int) -> Generation:
        opened = Generation(Obedient(sick_where=str(tmp_path / "sick")))
        await opened.start(1, threads=1)
        return opened

    versions = Versions(tmp_path / "models", load)
    health = Health(versions, pool, every_seconds=0.02, lately_seconds=0.5)
    try:
        await versions.start(poll_seconds=60)
        health.start()
        yield health, versions
    finally:
        await health.stop()
        await versions.stop()


async def until(health: Health, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in (health.problem() or "ready"):
            await asyncio.sleep(0.02)


async def test_wrong_golden_answers_are_no_health(tmp_path: Path) -> None:
    async with watched(tmp_path, Pool(1)) as (health, _):
        await until(health, "ready")
        (tmp_path / "sick").touch()
        await until(health, "The golden answers are others than at the start.")
        (tmp_path / "sick").unlink()
        await until(health, "ready")


async def test_a_server_whose_workers_are_all_taken_is_not_ready(tmp_path: Path) -> None:
    pool = Pool(1, TimeLimits(queue_seconds=0.1, slow_seconds=60))
    async with watched(tmp_path, pool) as (health, versions):
        generation = await versions.find(1)
        assert generation is not None
        busy = asyncio.create_task(pool.answer(generation, asked("sleep 2")))
        await until(health, "No worker was free")
        await busy
        await until(health, "ready")
