import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from sightline.ground.errors import UserError
from sightline.start.survey import survey
from tests.data import photo_folder


def test_class_folders_are_counted_and_measured(tmp_path: Path) -> None:
    photo_folder(tmp_path, cats=3, dogs=2)
    (tmp_path / "cats" / "notes.txt").touch()

    found = survey(str(tmp_path))

    assert (found.kind, found.num_images) == ("folder", 5)
    assert found.classes == {"cats": 3, "dogs": 2}
    assert found.middle_size_px == 96
    assert not found.all_grey


def test_given_splits_are_seen(tmp_path: Path) -> None:
    photo_folder(tmp_path / "train", cats=2, dogs=1)
    photo_folder(tmp_path / "test", cats=1)

    found = survey(str(tmp_path))

    assert found.splits == ("test", "train")
    assert found.classes == {"cats": 3, "dogs": 1}


@pytest.mark.parametrize("name", ["photos.zip", "photos.tar.gz"])
def test_archives_are_looked_into(tmp_path: Path, name: str) -> None:
    folder = photo_folder(tmp_path / "photos", cats=2, dogs=1)
    files = [path for path in folder.rglob("*") if path.is_file()]
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
    else:
        with tarfile.open(tmp_path / name, "w:gz") as archive:
            for path in files:
                archive.add(path, str(path.relative_to(folder)))

    found = survey(str(tmp_path / name))

    assert found.classes == {"cats": 2, "dogs": 1}
    assert found.middle_size_px == 96


@pytest.mark.parametrize(
    "text",
    [
        "image,split,label\na.jpg,train,cat\nb.jpg,test,dog\nc.jpg,train,cat\n",
        "a.jpg,cat\nb.jpg,dog\nc.jpg,cat\n",
    ],
)
def test_tables_are_counted(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")

    found = survey(str(tmp_path / "labels.csv"))

    assert (found.kind, found.num_images) == ("csv", 3)
    assert found.classes == {"cat": 2, "dog": 1}


def test_json_lines_are_counted(tmp_path: Path) -> None:
    row = {"imageGcsUri": "gs://b/a.jpg", "classificationAnnotation": {"displayName": "cat"}}
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(row)}\nno json\n\n", encoding="utf-8")

    found = survey(str(tmp_path / "a.jsonl"))

    assert (found.kind, found.num_images, found.classes) == ("jsonl", 2, {"cat": 1})


def test_a_folder_with_a_table_is_read_by_the_table(tmp_path: Path) -> None:
    photo_folder(tmp_path / "files", all=2)
    for path in (tmp_path / "files" / "all").iterdir():
        path.rename(tmp_path / path.name)
    (tmp_path / "labels.csv").write_text("image,label\n0.jpg,cat\n1.jpg,dog\n", encoding="utf-8")

    assert survey(str(tmp_path)).classes == {"cat": 1, "dog": 1}


def test_grey_images_are_seen_and_broken_ones_do_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "cats" / "1.png")
    (tmp_path / "cats" / "2.png").write_bytes(b"no image")

    found = survey(str(tmp_path))

    assert found.all_grey
    assert found.num_images == 2


def test_a_remote_source_is_left_for_ingest() -> None:
    assert survey("gs://bucket/photos").kind == "remote"


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"found nothing there\. Check the path"):
        survey(str(tmp_path / "photos"))


@pytest.mark.parametrize("name", ["readme.txt", "photo.jpg"])
def test_a_source_without_labelled_images_is_refused(tmp_path: Path, name: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / name, "JPEG")

    with pytest.raises(UserError, match="a folder of its own"):
        survey(str(tmp_path))
