import stat
import threading
from pathlib import Path

import pytest

from sightline.ground.storage.files import remove, whole, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_at_once_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"
    write_whole(path, "old")
    with path.open() as reader:
        write_whole(path, "new")

        assert reader.read() == "old"

    assert path.read_text() == "new"
    assert names(path.parent) == ["run.json"]


def test_a_file_that_could_not_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_whole(path, "old")

    with pytest.raises(RuntimeError), whole(path) as partial:
        partial.write_text("half")
        raise RuntimeError

    assert path.read_text() == "old"
    assert names(tmp_path) == ["run.json"]


def test_the_place_to_write_to_has_the_suffix_of_the_file(tmp_path: Path) -> None:
    with whole(tmp_path / "pipeline.yaml") as partial:
        partial.touch()

    assert partial.suffix == ".yaml"
    assert partial.name.startswith(".")


def test_a_folder_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()

    with whole(path) as partial:
        partial.mkdir()
        (partial / "new").touch()

    assert names(path) == ["new"]


def test_what_a_killed_writer_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "frozen.npz"
    (tmp_path / ".frozen.partial.npz").mkdir()
    (tmp_path / ".frozen.partial.npz" / "rest").touch()

    with whole(path, one_writer=True) as partial:
        partial.write_bytes(b"arrays")

    assert names(tmp_path) == ["frozen.npz"]


def test_two_writers_write_beside_each_other(tmp_path: Path) -> None:
    path = tmp_path / "run.json"

    with whole(path) as ours:
        ours.write_text("ours")
        other = threading.Thread(target=write_whole, args=(path, "theirs"))
        other.start()
        other.join()
        between = path.read_text()

    assert (between, path.read_text()) == ("theirs", "ours")
    assert names(tmp_path) == ["run.json"]


def test_files_folders_and_links_are_removed_and_what_is_not_there_is_no_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "folder/inner").mkdir(parents=True)
    (tmp_path / "file").touch(mode=stat.S_IRUSR)
    (tmp_path / "link").symlink_to(tmp_path / "kept")

    for name in ("folder", "file", "link", "absent"):
        remove(tmp_path / name)

    assert names(tmp_path) == ["kept"]
