import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError, locked, version_numbers
from sightline.stage.formats.model_folder import live_version
from sightline.stage.registry.local_place import LocalPlace, move_version
from sightline.stage.registry.log import read_log
from sightline.stage.registry.registry import Registry
from tests.bundles import add_version


def test_the_highest_number_is_live_as_in_tensorflow_serving(tmp_path: Path) -> None:
    for number in (2, 10, 9):
        add_version(tmp_path, number)

    live = live_version(tmp_path)

    assert live is not None
    assert (live.number, live.bundle_digest) == (10, "bundle-10")


def test_an_absent_or_empty_folder_has_no_live_version(tmp_path: Path) -> None:
    assert live_version(tmp_path) is None
    assert live_version(tmp_path / "absent") is None


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    place = add_version(tmp_path, 7)

    shutil.rmtree(place)

    assert Registry(LocalPlace(tmp_path)).next_number() == 8


def test_a_number_of_a_half_written_version_is_not_given_again(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    (tmp_path / "2").mkdir()

    live = live_version(tmp_path)

    assert live is not None
    assert (live.number, Registry(LocalPlace(tmp_path)).next_number()) == (1, 3)


def test_a_number_of_a_rolled_back_version_is_not_given_again_without_a_log(
    tmp_path: Path,
) -> None:
    (tmp_path / ".rolled-back-5").mkdir()

    assert Registry(LocalPlace(tmp_path)).next_number() == 6


def test_a_log_line_that_a_killed_process_tore_is_skipped(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    with (tmp_path / "deployments.jsonl").open("a") as file:
        file.write('{"schema": "sightline.depl')

    add_version(tmp_path, 2)

    assert [entry.live for entry in read_log(tmp_path)] == [1, 2]


def test_a_version_without_a_log_line_is_live_since_its_folder_changed(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    (tmp_path / "deployments.jsonl").unlink()

    live = live_version(tmp_path)

    assert live is not None
    assert live.live_since.startswith("20")


def test_a_log_of_another_schema_version_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "deployments.jsonl").write_text('{"schema": "sightline.deployments"}\n')

    with pytest.raises(DataError, match=r"expected lines of sightline\.deployments version 1"):
        read_log(tmp_path)


def test_a_folder_that_is_being_changed_is_waited_for_then_refused(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(FolderError, match="another deployment or rollback"),
        locked(tmp_path, timeout_seconds=0.2),
    ):
        pass

    with locked(tmp_path, timeout_seconds=0):
        pass


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder to which nothing can be renamed, as if it were a mounted bucket."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system at /dev/shm")
    with TemporaryDirectory(dir=shared_memory) as folder:
        yield Path(folder)


def test_a_version_that_cannot_be_renamed_is_moved_file_by_file(
    tmp_path: Path, elsewhere: Path
) -> None:
    place = add_version(tmp_path, 3)
    (place / "variables/part").write_text("weights")
    (place / "saved_model.pb").write_text("graph")

    move_version(place, elsewhere / "3")

    moved = live_version(elsewhere)
    assert moved is not None
    assert moved.bundle_digest == "bundle-3"
    assert (elsewhere / "3/variables/part").read_text() == "weights"
    assert (elsewhere / "3/saved_model.pb").read_text() == "graph"
    assert not place.exists()


def test_a_move_that_fails_half_way_leaves_the_version_where_it_was(
    tmp_path: Path, elsewhere: Path
) -> None:
    place = add_version(tmp_path, 3)
    (elsewhere / "3" / "bundle.json").mkdir(parents=True)

    with pytest.raises(IsADirectoryError):
        move_version(place, elsewhere / "3")

    assert live_version(tmp_path) is not None
    assert version_numbers(elsewhere) == []
