import subprocess
import sys
from pathlib import Path

import pytest

from sightline.ground.model_folder import FolderError
from sightline.serving.rollback import rollback, status
from sightline.stage.formats.model_folder import live_version, next_number
from tests.bundles import add_version


def folder_with(tmp_path: Path, *numbers: int) -> Path:
    for number in numbers:
        add_version(tmp_path, number)
    return tmp_path


def live_number(folder: Path) -> int | None:
    live = live_version(folder)
    return live.number if live else None


def test_the_version_before_becomes_live_again(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 1, 2, 3)

    done = rollback(folder)

    assert (done.from_version, done.to_version, done.set_aside) == (3, 2, [3])
    assert live_number(folder) == 2
    assert (folder / ".rolled-back-3" / "bundle.json").exists()


def test_rolling_back_further_sets_aside_all_that_came_later(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 1, 2, 3)

    done = rollback(folder, to=1)

    assert done.set_aside == [3, 2]
    assert live_number(folder) == 1
    assert next_number(folder) == 4


def test_the_status_tells_what_is_live_and_what_happened(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 1, 2)
    rollback(folder)

    found = status(folder)

    assert found.live is not None
    assert (found.live.number, found.rolled_back) == (1, [2])
    assert [entry["action"] for entry in found.history] == ["rollback", "deploy", "deploy"]


def test_the_status_of_an_absent_folder_is_empty(tmp_path: Path) -> None:
    found = status(tmp_path / "absent")

    assert (found.live, found.versions, found.history) == (None, [], [])


def test_one_version_has_nothing_to_go_back_to(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, 4)

    with pytest.raises(FolderError, match=r"expected a version before the live one \(4\)"):
        rollback(folder)

    assert live_number(folder) == 4


def test_an_empty_folder_has_nothing_to_roll_back(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a live version, found none"):
        rollback(tmp_path)


def test_an_absent_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a model folder, found none"):
        rollback(tmp_path / "absent")

    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("to", [3, 9])
def test_a_version_that_is_not_before_the_live_one_is_refused(tmp_path: Path, to: int) -> None:
    folder = folder_with(tmp_path, 1, 2, 3)

    with pytest.raises(FolderError, match=f"live one \\(3\\): 2, 1; received {to}"):
        rollback(folder, to=to)


def test_rollback_and_status_import_no_tensorflow() -> None:
    check = "import sys, sightline.serving.rollback; print('tensorflow' in sys.modules)"

    answer = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )

    assert answer.stdout.strip() == "False"
