import csv
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from sightline.client.answer_files import Kind, open_answers
from sightline.client.answers import Answer, refused
from sightline.client.photos import Photo, find_photos
from sightline.ground.errors import UserError

CONTENT = {"class_name": "rose", "probabilities": {"rose": 0.9, "tulip": 0.1}}
KINDS = get_args(Kind)


def photos_in(folder: Path, *names: str) -> list[Photo]:
    for name in names:
        (folder / name).write_bytes(name.encode())
    return find_photos([str(folder / name) for name in names])


def answer(photo: Photo, version: int = 1) -> Answer:
    return Answer(
        photo=photo.path, title="rose", sureness="0.900", content=CONTENT, version=version
    )


def write(path: Path, kind: Kind, photos: list[Photo], *, most: int = 99) -> int:
    """Answer the rest of the photos; return how many had answers."""
    with open_answers(path, kind, photos) as file:
        for photo in photos[file.num_done :][:most]:
            file.write(photo, answer(photo))
        return file.num_done


def rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_a_table_has_the_answer_of_each_photo(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, "a.jpg", "b.jpg")

    with open_answers(tmp_path / "out.csv", "csv", photos) as file:
        file.write(photos[0], answer(photos[0]))
        file.write(photos[1], refused(photos[1].path, "no image", 1))

    first, second = rows(tmp_path / "out.csv")
    assert (first["photo"], first["answer"], first["sureness"]) == (photos[0].path, "rose", "0.900")
    assert json.loads(first["details"]) == CONTENT
    assert (first["version"], first["error"], first["size"]) == ("1", "", "5")
    assert (second["answer"], second["error"]) == ("", "no image")


def test_lines_of_json_have_what_predict_prints_as_json(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, "a.jpg")

    write(tmp_path / "out.jsonl", "jsonl", photos)

    (row,) = rows(tmp_path / "out.jsonl")
    assert answer(photos[0]).as_json().items() <= row.items()
    assert set(row) - set(answer(photos[0]).as_json()) == {"size", "modified"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [1, 30])
def test_a_table_goes_on_where_a_killed_command_left_it(
    tmp_path: Path, kind: Kind, cut: int
) -> None:
    photos = photos_in(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    path, whole = tmp_path / f"out.{kind}", tmp_path / f"whole.{kind}"
    write(whole, kind, photos)
    write(path, kind, photos, most=2)
    path.write_bytes(path.read_bytes()[:-cut])

    num_done = write(path, kind, photos)

    assert num_done == 1
    assert path.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_that_was_cut_in_its_first_line_begins_anew(tmp_path: Path, kind: Kind) -> None:
    photos = photos_in(tmp_path, "a.jpg")
    path = tmp_path / f"out.{kind}"
    write(path, kind, photos)
    whole = path.read_bytes()
    path.write_bytes(whole[:7])

    assert write(path, kind, photos) == 0
    assert path.read_bytes() == whole


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_said_before_is_told(tmp_path: Path, kind: Kind) -> None:
    photos = photos_in(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    with open_answers(tmp_path / "out", kind, photos) as file:
        file.write(photos[0], answer(photos[0], version=7))
        file.write(photos[1], refused(photos[1].path, "no image"))

    with open_answers(tmp_path / "out", kind, photos) as file:
        told = (file.num_done, file.num_errors, file.version)

    assert told == (2, 1, "7")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["added", "removed", "changed"])
def test_other_photos_than_before_are_never_mixed_in(
    tmp_path: Path, kind: Kind, change: str
) -> None:
    photos = photos_in(tmp_path, "a.jpg", "b.jpg")
    path = tmp_path / "out"
    write(path, kind, photos)
    before = path.read_bytes()
    if change == "added":
        photos = [*photos_in(tmp_path, "0.jpg"), *photos]
    elif change == "removed":
        photos = photos[:1]
    else:
        (tmp_path / "a.jpg").write_bytes(b"another photo")
        photos = find_photos([photo.path for photo in photos])

    with pytest.raises(UserError, match="expected answers to the same photos as now"):
        write(path, kind, photos)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content", [b"my thesis", b"name,price\n1,2\n", b"[1, 2]\n", b"{}\n", b'{"a": 1}\n', b"\xff\n"]
)
def test_a_file_of_something_else_stays_as_it_is(
    tmp_path: Path, kind: Kind, content: bytes
) -> None:
    path = tmp_path / "out"
    path.write_bytes(content)

    with pytest.raises(UserError, match="expected a new file, or answers"):
        write(path, kind, photos_in(tmp_path, "a.jpg"))
    assert path.read_bytes() == content


def test_two_commands_never_write_one_table(tmp_path: Path) -> None:
    photos = photos_in(tmp_path, "a.jpg")

    with (
        open_answers(tmp_path / "out", "csv", photos),
        pytest.raises(UserError, match="another one is writing it"),
    ):
        write(tmp_path / "out", "csv", photos)


def test_a_table_is_no_folder_and_no_device(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(UserError, match="expected a file for the answers"):
            write(place, "csv", [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["=1+1.jpg", "a\nb.jpg", "a\x1b]0;x\x07.jpg", 'a,"b".jpg'])
def test_any_name_of_a_file_is_one_line_and_found_again(
    tmp_path: Path, kind: Kind, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"bytes")
    photos = find_photos([name])

    write(tmp_path / "out", kind, photos)

    content = (tmp_path / "out").read_bytes()
    assert content.count(b"\n") == (2 if kind == "csv" else 1)
    assert b"\x1b" not in content
    assert b"\n=" not in content
    assert write(tmp_path / "out", kind, photos) == 1


def test_a_name_that_is_no_text_is_found_again(tmp_path: Path) -> None:
    photos = [Photo("a\udcff.jpg", 1, "then")]

    for kind in KINDS:
        write(tmp_path / kind, kind, photos)
        assert write(tmp_path / kind, kind, photos) == 1


def test_a_file_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(UserError, match="can be written; the system says: "),
        open_answers(tmp_path / "file/folder/answers.csv", "csv", []),
    ):
        pass
