import os
import subprocess
import sys
from pathlib import Path

import pytest

from components.ingest.lost_classes import LostClasses
from components.ingest.settings import IngestSettings
from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from sightline.ground.errors import DataError
from sightline.ground.source.files import Entry
from sightline.ground.source.folders.class_folders import find_layout, read_rows
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.refusals import UNREADABLE, Refusal
from sightline.problems import problem_of
from sightline.stage.formats.dataset import read_info
from sightline.stage.report.warned import read_warnings
from tests.components.ingest.ingesting import ingest_source
from tests.data import encoded, photo_folder, photograph
from tests.extractors import no_extractor
from tests.sightline.ordinary_user import SETPRIV, SOMEONE_ELSE, WITHOUT


def folder_of_photos(folder: Path, **classes: int) -> Path:
    for place, (label, count) in enumerate(classes.items()):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            photo = photograph(9 * place + number)
            (folder / label / f"{number}.jpg").write_bytes(encoded(photo))
    return folder


def warnings_of(tmp_path: Path) -> str:
    return "\n".join(read_warnings(tmp_path / "ingested/report.html"))


def test_a_class_whose_images_are_all_refused_stays_a_class_and_is_told(tmp_path: Path) -> None:
    source = folder_of_photos(tmp_path / "photos", cats=2, dogs=2)
    for path in (source / "dogs").iterdir():
        path.write_bytes(path.read_bytes()[:200])

    found = ingest_source(source, tmp_path)

    assert found.info.class_counts == {"cats": 2, "dogs": 0}
    assert "1 class has no image: dogs (2 rows refused, such as dogs/0.jpg:" in warnings_of(
        tmp_path
    )


def test_label_check_stops_a_run_that_would_forget_a_class(tmp_path: Path) -> None:
    source = folder_of_photos(tmp_path / "photos", cats=2, birds=2, dogs=1)
    (source / "dogs/0.jpg").write_bytes(b"")
    ingest_source(source, tmp_path)
    out = tmp_path / "checked"

    with pytest.raises(DataError, match=r"1 class has no image to learn from: dogs\."):
        label_check(
            dataset=tmp_path / "ingested/dataset",
            extractor=no_extractor(out / "extractor"),
            cleaned=out / "cleaned",
            features=out / "features",
            findings=out / "findings",
            report=out / "report.html",
            settings=LabelCheckSettings(),
        )


def test_a_folder_of_photos_in_a_format_that_is_not_read_is_a_class_without_image(
    tmp_path: Path,
) -> None:
    source = folder_of_photos(tmp_path / "photos", cats=2, phone=0, notes=0)
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(50)
    (source / "phone/1.heic").write_bytes(heic)
    (source / "notes/readme.txt").write_text("Taken in May.", encoding="utf-8")

    found = ingest_source(source, tmp_path)

    assert found.info.classes == ("cats", "phone")
    assert "phone (1 row refused, such as phone/1.heic: not an image: a HEIC photo" in warnings_of(
        tmp_path
    )
    assert "notes" not in warnings_of(tmp_path)


def test_a_class_of_a_table_without_images_is_told_and_one_without_label_is_none(
    tmp_path: Path,
) -> None:
    folder_of_photos(tmp_path / "photos", cats=1)
    rows = ["image,label", "photos/cats/0.jpg,cat", "gone.jpg,dog", "gone.jpg,", "gone.jpg,dog"]
    (tmp_path / "table.csv").write_text("\n".join(rows), encoding="utf-8")

    found = ingest_source(tmp_path / "table.csv", tmp_path)

    assert found.info.class_counts == {"cat": 1, "dog": 0}
    assert "dog (2 rows refused, such as row 3: gone.jpg: unreadable file" in warnings_of(tmp_path)


def test_a_class_that_is_asked_for_and_has_no_row_is_told(tmp_path: Path) -> None:
    source = folder_of_photos(tmp_path / "photos", cats=1, dogs=1)
    (source / "dogs/0.jpg").write_bytes(b"")

    found = ingest_source(source, tmp_path, classes=("cats", "fish"))

    assert found.info.class_counts == {"cats": 1, "fish": 0}
    assert "1 class has no image: fish (no row)." in warnings_of(tmp_path)


def test_a_class_folder_that_cannot_be_listed_is_told_by_the_name_of_its_class() -> None:
    closed = Entry("dogs/", None, "", UNREADABLE, "folder: permission denied")
    listing = [Entry("cats/1.jpg", 9, "1"), closed]
    settings = IngestSettings(source="photos")
    layout = find_layout(listing, settings)
    lost = LostClasses()

    for row in read_rows(LocalFiles(Path("photos")), layout, problem_of(settings.problem).reader):
        if isinstance(row, Refusal):
            lost.add(row)

    assert layout.classes == {"cats", "dogs"}
    assert lost.names({"cats"}, ()) == ["dogs"]
    (told,) = lost.say(["dogs"])
    assert told.startswith("1 class has no image: dogs (1 row refused, such as dogs/: unreadable")
    assert "folder: permission denied" in told


def test_a_closed_folder_of_a_class_that_has_other_images_is_told_too() -> None:
    lost = LostClasses()

    lost.add(
        Refusal(
            location="train/",
            row=None,
            label="",
            reason=UNREADABLE,
            detail="folder: permission denied",
        )
    )

    assert lost.say([]) == [
        "1 folder could not be read: train/ (unreadable file: folder: permission denied)."
    ]


def test_a_file_without_class_folder_is_told_by_what_it_is(tmp_path: Path) -> None:
    source = folder_of_photos(tmp_path / "photos", cats=1)
    (source / "pointer.jpg").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid")
    (source / "photo.jpg").write_bytes(encoded(photograph(1)))

    found = ingest_source(source, tmp_path)

    assert found.reasons == {
        "photo.jpg": "missing label: no class folder above the image",
        "pointer.jpg": "not an image: a Git LFS pointer, not the file itself",
    }


@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0 or SETPRIV is None, reason="needs root, which gives up its rights"
)
def test_an_ordinary_user_hears_of_a_class_folder_of_someone_else(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=12, dogs=1)
    os.chown(source / "dogs", SOMEONE_ELSE, SOMEONE_ELSE)
    (source / "dogs").chmod(0o700)
    out = {name: tmp_path / name for name in ("dataset", "quarantine", "report")}
    flags = [word for name, path in out.items() for word in (f"--{name}", str(path))]
    command = [str(SETPRIV), f"--bounding-set={WITHOUT}", sys.executable, "-m", "components.ingest"]

    subprocess.run(
        [*command, "--source", str(source), "--fingerprint", "", *flags],
        capture_output=True,
        check=True,
    )

    assert read_info(out["dataset"]).class_counts == {"cats": 12, "dogs": 0}
    assert "dogs/: unreadable file: folder: permission denied" in read_warnings(out["report"])[0]
