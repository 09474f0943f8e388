import os
from pathlib import Path

import pytest

from sightline.client.photos import PhotoError, find_photos, in_batches, photo_at, read_photo
from sightline.ground.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    names = ("b.jpg", "a.PNG", "notes.txt", ".DS_Store", "._a.jpg", "Thumbs.db", "in/c.webp")
    for name in names:
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(b"bytes")
    return tmp_path / "photos"


def paths(*words: str, recursive: bool = False) -> list[str]:
    return [photo.path for photo in find_photos(words, recursive=recursive)]


def test_a_folder_means_the_images_in_it_by_name(folder: Path) -> None:
    assert paths("photos") == ["photos/a.PNG", "photos/b.jpg"]


def test_folders_of_a_folder_are_looked_into_when_asked(folder: Path) -> None:
    assert paths("photos", recursive=True) == ["photos/a.PNG", "photos/b.jpg", "photos/in/c.webp"]


def test_a_pattern_means_what_a_shell_would_make_of_it(folder: Path) -> None:
    assert paths("photos/*.jpg", "photos/**/*.webp") == ["photos/b.jpg", "photos/in/c.webp"]


def test_a_file_with_brackets_in_its_name_is_no_pattern(folder: Path) -> None:
    (folder / "a[1].jpg").write_bytes(b"bytes")

    assert paths("photos/a[1].jpg") == ["photos/a[1].jpg"]


def test_a_file_that_is_named_counts_whatever_it_is_called(folder: Path) -> None:
    assert paths("photos/notes.txt", "absent.jpg") == ["photos/notes.txt", "absent.jpg"]


def test_a_pattern_that_nothing_matches_is_an_error(folder: Path) -> None:
    with pytest.raises(UserError, match="expected files that match, found none"):
        paths("photos/*.gif")


def test_a_folder_of_folders_says_how_to_look_into_them(folder: Path) -> None:
    folder.joinpath("outer").mkdir()
    folder.joinpath("in").rename(folder / "outer" / "in")

    with pytest.raises(UserError, match=r"found none\. Add --recursive"):
        paths("photos/outer")


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    for place in (tmp_path / "pipe.jpg", tmp_path, Path("/dev/zero")):
        with pytest.raises(PhotoError, match="received no regular file"):
            read_photo(photo_at(str(place)))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(100 << 20)

    with pytest.raises(PhotoError, match="at most 64 MB, received 104,857,600 bytes"):
        read_photo(photo_at(str(tmp_path / "large.jpg")))


def test_what_is_plainly_no_image_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))

    with pytest.raises(PhotoError, match=r"received a HEIC photo\. Convert"):
        read_photo(photo_at(str(tmp_path / "a.jpg")))


def test_batches_hold_so_many_photos_and_no_more_bytes_than_a_server_takes(
    tmp_path: Path,
) -> None:
    for index, size in enumerate((1, 1, 1, 7 << 20, 7 << 20, 1)):
        with (tmp_path / f"{index}.jpg").open("wb") as file:
            file.truncate(size)

    batches = in_batches(find_photos([str(tmp_path)]), 2)

    assert [[Path(photo.path).stem for photo in batch] for batch in batches] == [
        ["0", "1"],
        ["2", "3"],
        ["4", "5"],
    ]
