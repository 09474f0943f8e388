import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from sightline.ground.models.model_folder import FolderError
from sightline.serving.versions import Versions
from sightline.stage.registry.changes import rollback
from sightline.stage.registry.local_place import LocalPlace
from tests.bundles import add_version
from tests.sightline.serving.brightness import Opened, opening

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def started(folder: Path, *, poll_seconds: float = 60.0) -> AsyncIterator[Versions]:
    versions = Versions(folder, opening(folder))
    await versions.start(poll_seconds=poll_seconds)
    try:
        yield versions
    finally:
        await versions.stop()


def number_of(versions: Versions) -> int:
    assert versions.current is not None
    return versions.current.number


def opened_by(versions: Versions) -> Opened:
    assert versions.current is not None
    return cast(Opened, versions.current.generation)


def states_of(versions: Versions) -> dict[int, str]:
    return {state.version: state.state for state in versions.states()}


async def until(versions: Versions, number: int) -> None:
    async with asyncio.timeout(60):
        while number_of(versions) != number:
            await asyncio.sleep(0.01)


async def test_the_newest_version_is_served_first(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    add_version(tmp_path, 2)

    async with started(tmp_path) as versions:
        assert number_of(versions) == 2
        assert states_of(versions) == {2: "AVAILABLE"}


async def test_a_new_version_takes_over_and_the_one_before_can_be_named(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    async with started(tmp_path) as versions:
        before = opened_by(versions)
        add_version(tmp_path, 2)
        await versions.refresh()

        assert number_of(versions) == 2
        assert states_of(versions) == {2: "AVAILABLE", 1: "AVAILABLE"}
        assert await versions.find(1) is before


async def test_no_more_versions_are_kept_than_a_few(tmp_path: Path) -> None:
    for number in range(1, 6):
        add_version(tmp_path, number)
    async with started(tmp_path) as versions:
        first = await versions.find(1)
        for number in (2, 3, 4):
            assert await versions.find(number) is not None

        assert cast(Opened, first).is_retired
        assert states_of(versions) == {5: "AVAILABLE", 4: "AVAILABLE", 3: "AVAILABLE"} | {
            1: "END",
            2: "END",
        }


async def test_a_version_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    async with started(tmp_path) as versions:
        assert await versions.find(7) is None


async def test_a_version_that_is_replaced_under_its_number_is_opened_again(tmp_path: Path) -> None:
    place = add_version(tmp_path, 1)
    async with started(tmp_path) as versions:
        before = opened_by(versions)
        shutil.rmtree(place)
        add_version(tmp_path, 1, digest="another")
        await versions.refresh()

        assert opened_by(versions) is not before
        assert before.is_retired


async def test_a_replacement_that_does_not_load_leaves_the_one_in_memory(tmp_path: Path) -> None:
    place = add_version(tmp_path, 1)
    async with started(tmp_path) as versions:
        before = opened_by(versions)
        (place / "broken").touch()
        await versions.refresh()

        assert opened_by(versions) is before
        assert not before.is_retired


async def test_a_folder_that_is_out_of_reach_for_a_while_is_watched_on(tmp_path: Path) -> None:
    folder, away = tmp_path / "models", tmp_path / "away"
    add_version(folder, 1)
    async with started(folder, poll_seconds=0.01) as versions:
        folder.rename(away)
        folder.write_text("a file")
        with pytest.raises(FolderError):
            await versions.refresh()
        await asyncio.sleep(0.05)
        folder.unlink()
        away.rename(folder)
        add_version(folder, 2)

        await until(versions, 2)


async def test_a_reload_does_not_wait_for_the_next_look(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    broken = add_version(tmp_path, 2) / "broken"
    broken.touch()
    async with started(tmp_path) as versions:
        broken.unlink()
        versions.reload()

        await until(versions, 2)


async def test_a_rollback_is_followed(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    add_version(tmp_path, 2)
    async with started(tmp_path) as versions:
        rollback(LocalPlace(tmp_path))
        await versions.refresh()

        assert number_of(versions) == 1
        assert states_of(versions) == {2: "END", 1: "AVAILABLE"}


async def test_a_version_that_does_not_load_leaves_the_present_one_serving(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    async with started(tmp_path) as versions:
        (add_version(tmp_path, 2) / "broken").touch()
        await versions.refresh()

        assert number_of(versions) == 1
        assert states_of(versions) == {2: "END", 1: "AVAILABLE"}
        assert versions.states()[0].error == "version 2 is broken"


async def test_a_version_that_did_not_load_is_tried_again_once_it_has_changed(
    tmp_path: Path,
) -> None:
    add_version(tmp_path, 1)
    broken = add_version(tmp_path, 2) / "broken"
    broken.touch()
    async with started(tmp_path) as versions:
        broken.unlink()
        await versions.refresh()

        assert number_of(versions) == 2


async def test_a_folder_that_goes_away_changes_nothing(tmp_path: Path) -> None:
    add_version(tmp_path / "models", 1)
    async with started(tmp_path / "models") as versions:
        (tmp_path / "models").rename(tmp_path / "elsewhere")
        await versions.refresh()

        assert number_of(versions) == 1


async def test_a_folder_without_versions_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a model folder with a version in it"):
        async with started(tmp_path):
            pass


async def test_a_folder_whose_versions_do_not_load_says_why(tmp_path: Path) -> None:
    (add_version(tmp_path, 3) / "broken").touch()

    with pytest.raises(FolderError, match="Version 3: version 3 is broken"):
        async with started(tmp_path):
            pass
