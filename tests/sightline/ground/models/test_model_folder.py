import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.ground.models.model_folder import (
    ROLLED_BACK_PREFIX,
    FolderError,
    live_number,
    taken_numbers,
    version_numbers,
)
from sightline.project.settings import load_project
from sightline.serving.predict import find_version
from sightline.serving.versions import Versions
from sightline.stage.formats.model_folder import live_version
from sightline.targets.local.locations import live_model
from tests.bundles import add_version
from tests.sightline.serving.brightness import opening


def absent(folder: Path) -> Path:
    return folder / "absent"


def empty(folder: Path) -> Path:
    return folder


def one_of_two_whole(folder: Path) -> Path:
    add_version(folder, 1)
    add_version(folder, 2).joinpath("saved_model.pb").unlink()
    return folder


def one_of_two_described(folder: Path) -> Path:
    add_version(folder, 1)
    add_version(folder, 2).joinpath("bundle.json").unlink()
    return folder


def one_of_two_rolled_back(folder: Path) -> Path:
    add_version(folder, 1)
    add_version(folder, 2).rename(folder / ".rolled-back-2")
    return folder


def named_otherwise(*names: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        add_version(folder, 1)
        for name in names:
            add_version(folder, 9).rename(folder / name)
        return folder

    return make


def file_of_a_number(folder: Path) -> Path:
    add_version(folder, 1)
    (folder / "2").write_text("a file")
    return folder


def more_than_nine(folder: Path) -> Path:
    for number in (1, 10, 9):
        add_version(folder, number)
    return folder


@pytest.mark.parametrize(
    ("make", "live"),
    [
        (absent, None),
        (empty, None),
        (one_of_two_whole, 1),
        (one_of_two_described, 1),
        (one_of_two_rolled_back, 1),
        (named_otherwise("latest", "-2", ".staging-3", ".removing-4"), 1),
        (named_otherwise("007", "0", "9" * 30), 1),
        (named_otherwise("٣", "²", "2_0"), 1),
        (file_of_a_number, 1),
        (more_than_nine, 10),
    ],
)
def test_all_agree_on_what_is_live(
    tmp_path: Path, make: Callable[[Path], Path], live: int | None
) -> None:
    folder = make(tmp_path / "models" / "model")

    version = live_version(folder)

    assert live_number(folder) == live
    assert (version.number if version else None) == live
    assert settings_note(tmp_path, folder) == (f"(version {live})" if live else "")
    assert live_model(folder) == (f"bundle-{live}" if live else None) if folder.exists() else True
    assert served(folder) == predicted_with(folder) == live


@pytest.mark.parametrize("kind", ["file", "too long a name"])
def test_a_folder_that_cannot_be_read_is_one_message_to_all(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / ("models" if kind == "file" else "m" * 300)
    if kind == "file":
        folder.write_text("a file")

    for ask in (live_number, live_version, served, predicted_with):
        with pytest.raises(FolderError, match="expected a model folder that can be read; the"):
            ask(folder)
    with pytest.raises(UserError, match="expected a model folder that can be read; the system"):
        settings_note(tmp_path, folder)


def test_versions_and_what_was_rolled_back_are_told_newest_first(tmp_path: Path) -> None:
    for number in (2, 10, 3, 4):
        add_version(tmp_path, number)
    for number in (10, 3):
        (tmp_path / str(number)).rename(tmp_path / f".rolled-back-{number}")

    assert version_numbers(tmp_path) == [4, 2]
    assert taken_numbers(tmp_path, ROLLED_BACK_PREFIX) == [10, 3]


def settings_note(home: Path, folder: Path) -> str:
    """What the settings say about the version that is live."""
    file = home / "sightline.yaml"
    file.write_text(f"ingest: {{source: photos}}\ndeploy: {{folder: {folder}}}\n")
    notes = load_project(file).notes
    return "" if not notes else notes[0][notes[0].index("(") : notes[0].index(")") + 1]


def served(folder: Path) -> int | None:
    async def first() -> int:
        versions = Versions(folder, opening(folder))
        try:
            return (await versions.start(poll_seconds=60.0)).number
        finally:
            await versions.stop()

    try:
        return asyncio.run(first())
    except FolderError as error:
        if "can be read" in str(error):
            raise
        return None


def predicted_with(folder: Path) -> int | None:
    try:
        return find_version(folder, None)
    except FolderError as error:
        if "can be read" in str(error):
            raise
        return None
