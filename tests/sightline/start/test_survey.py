import json
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from sightline.ground.errors import DataError, UserError
from sightline.start.survey import NUM_SAMPLES, survey
from tests.components.ingest.ingesting import ingest_source
from tests.components.ingest.test_archives import packed
from tests.data import photo_folder
from tests.sightline.command_line import sightline
from tests.sightline.own_process import modules_after

ENCRYPTED = 0x1
FLAGS_AT = {b"PK\x03\x04": 6, b"PK\x01\x02": 8}
"""Where a member's flags stand, by how its two headers in a zip begin."""


def folder_of_dates(folder: Path) -> Path:
    photo_folder(folder / "photos/rose", **{"2024-01": 2, "2024-02": 1})
    photo_folder(folder / "photos/iris", **{"2024-01": 1})
    return folder / "photos"


def folder_with_other_files(folder: Path) -> Path:
    photos = photo_folder(folder / "photos", rose=2, iris=1)
    (photos / "rose/notes.txt").write_text("two roses")
    (photos / ".DS_Store").touch()
    return photos


def folder_inside_folders(folder: Path) -> Path:
    photo_folder(folder / "export/2024/train", rose=2, iris=1)
    photo_folder(folder / "export/2024/valid", rose=1, iris=1)
    return folder / "export"


def images_of_odd_names(folder: Path) -> Path:
    photos = photo_folder(folder / "photos", rose=2, iris=1)
    for path in [*photos.rglob("*.jpg")]:
        path.rename(path.with_suffix(".original"))
    return photos


def tar_of_this_folder(folder: Path) -> Path:
    photos = photo_folder(folder / "photos", rose=2, iris=1)
    with tarfile.open(folder / "photos.tgz", "w:gz") as archive:
        archive.add(photos, ".")
    return folder / "photos.tgz"


def zip_with_backslashes(folder: Path) -> Path:
    photos = photo_folder(folder / "photos", rose=2, iris=1)
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for path in sorted(photos.rglob("*.jpg")):
            name = str(path.relative_to(photos)).replace("/", "\\")
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return folder / "photos.zip"


def table(folder: Path, text: str, name: str = "labels.csv") -> Path:
    photo_folder(folder / "photos", images=3)
    (folder / "photos" / name).write_text(text, encoding="utf-8")
    return folder / "photos" / name


def table_with_semicolons(folder: Path) -> Path:
    return table(folder, "bild;label\nimages/0.jpg;rose\nimages/1.jpg;rose\nimages/2.jpg;iris\n")


def table_after_a_blank_line(folder: Path) -> Path:
    return table(folder, "\nimage,label\nimages/0.jpg,rose\nimages/1.jpg,iris\n")


def table_beside_its_images(folder: Path) -> Path:
    return table(folder, "image,split,label\nimages/0.jpg,train,rose\nimages/1.jpg,test,a\n").parent


def lines_without_labels(folder: Path) -> Path:
    lines = [
        {"imageGcsUri": "images/0.jpg", "classificationAnnotation": {"displayName": "rose"}},
        {"imageGcsUri": "images/1.jpg", "classificationAnnotation": None},
        {"imageGcsUri": "images/2.jpg", "classificationAnnotation": "iris"},
    ]
    return table(folder, "\n".join(json.dumps(line) for line in lines), "labels.jsonl")


@pytest.mark.parametrize(
    "make",
    [
        *(folder_of_dates, folder_with_other_files, folder_inside_folders, images_of_odd_names),
        *(tar_of_this_folder, zip_with_backslashes, lines_without_labels),
        *(table_with_semicolons, table_after_a_blank_line, table_beside_its_images),
    ],
)
def test_init_sees_what_a_run_reads(tmp_path: Path, make: object) -> None:
    assert callable(make)
    source = make(tmp_path)

    found = survey(str(source))
    read = ingest_source(source, tmp_path)

    assert found.num_images == read.info.num_examples > 0
    assert list(found.classes) == list(read.info.classes)
    assert found.classes == {
        name: sum(name in one.labels for one in read.examples) for name in read.info.classes
    }
    assert set(found.splits) == {one.split for one in read.examples if one.split}
    assert found.middle_size_px == 96


def test_a_row_that_a_run_refuses_is_said(tmp_path: Path) -> None:
    found = survey(str(lines_without_labels(tmp_path)))

    (problem,) = found.problems
    assert "refuse 2 of 3 rows, such as row 2: images/1.jpg (missing label). Give" in problem


def test_files_that_are_no_images_are_named_as_a_run_names_them(tmp_path: Path) -> None:
    (tmp_path / "photos/rose").mkdir(parents=True)
    (tmp_path / "photos/rose/1.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(64))

    with pytest.raises(UserError) as refused:
        survey(str(tmp_path / "photos"))
    with pytest.raises(DataError) as run:
        ingest_source(tmp_path / "photos", tmp_path)

    assert "found 1 other file, such as rose/1.HEIC (not an image: a HEIC" in str(refused.value)
    assert "Convert the file to JPEG or PNG" in str(refused.value)
    assert "rose/1.HEIC (not an image: a HEIC" in str(run.value)


def test_an_encrypted_archive_is_refused_once_with_what_to_do(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos", rose=2, iris=1)
    data = bytearray(packed(photos, tmp_path / "photos.zip").read_bytes())
    for mark, offset in FLAGS_AT.items():
        at = data.find(mark)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", data, at + offset)
            struct.pack_into("<H", data, at + offset, flags | ENCRYPTED)
            at = data.find(mark, at + 1)
    (tmp_path / "photos.zip").write_bytes(data)

    with pytest.raises(DataError, match=r"without a password, received 3 files.*Unpack it"):
        survey(str(tmp_path / "photos.zip"))
    with pytest.raises(DataError, match=r"without a password, received 3 files.*Unpack it"):
        ingest_source(tmp_path / "photos.zip", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_table_without_permission_is_one_message(tmp_path: Path) -> None:
    path = table_with_semicolons(tmp_path)
    path.chmod(0)

    with pytest.raises(UserError, match="permission denied"):
        survey(str(path))


def test_several_tables_are_refused_as_a_run_refuses_them(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        (tmp_path / "photos" / split).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "photos" / split / "1.jpg")
        (tmp_path / "photos" / split / "_classes.csv").write_text("filename,rose\n1.jpg,1\n")

    with pytest.raises(DataError) as refused:
        survey(str(tmp_path / "photos"))
    with pytest.raises(DataError) as run:
        ingest_source(tmp_path / "photos", tmp_path)

    assert str(refused.value) == str(run.value)


def test_a_large_source_is_counted_whole_and_measured_in_part(tmp_path: Path) -> None:
    (tmp_path / "photos/rose").mkdir(parents=True)
    for index in range(3 * NUM_SAMPLES):
        Image.new("L", (8, 4)).save(tmp_path / f"photos/rose/{index}.png")

    found = survey(str(tmp_path / "photos"))

    assert found.num_images == 3 * NUM_SAMPLES
    assert NUM_SAMPLES / 2 <= len(found.sizes) <= NUM_SAMPLES


def test_broken_images_do_not_stop_it(tmp_path: Path) -> None:
    (tmp_path / "cats").mkdir()
    Image.new("L", (8, 8)).save(tmp_path / "cats" / "1.png")
    (tmp_path / "cats" / "2.png").write_bytes(b"no image")

    found = survey(str(tmp_path))

    assert (found.num_images, found.middle_size_px, found.problems) == (2, 8, ())


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


def test_init_says_what_a_run_will_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    ended = sightline("init", str(lines_without_labels(tmp_path)))

    assert ended.code == 0
    assert "about 1 image, 1 class (1 image each)" in ended.out
    assert "A run will refuse 2 of 3 rows" in ended.out


def test_a_survey_needs_neither_the_stages_nor_tensorflow() -> None:
    modules = modules_after("import sightline.start.survey")

    assert not {"PIL", "fsspec", "tensorflow", "sightline.stage", "components"} & modules
