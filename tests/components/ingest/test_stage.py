import hashlib
import json
import os
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from tests.components.ingest.ingesting import ingest_source
from tests.data import encoded, photo_folder, photograph


def test_class_folders_become_labelled_examples_with_their_bytes(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=3, dogs=2)

    result = ingest_source(source, tmp_path)

    assert result.info.classes == ("cats", "dogs")
    assert result.info.class_counts == {"cats": 3, "dogs": 2}
    assert result.refused == []
    first = result.examples[0]
    data = (source / "cats/0.jpg").read_bytes()
    assert (first.image, first.id) == (data, hashlib.sha256(data).hexdigest())
    assert (first.width, first.height, first.mode, first.format) == (96, 72, "RGB", "JPEG")
    assert first.split is None
    assert result.facts["dataset"]["num_images"] == 5
    assert result.facts["dataset"]["source_fingerprint"] == "abc"
    assert "class folders" in result.report and "pre-split" not in result.report


def test_images_in_folders_inside_a_class_folder_belong_to_the_class(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    photo_folder(source / "cats", winter=2)

    result = ingest_source(source, tmp_path)

    assert result.info.class_counts == {"cats": 3, "dogs": 1}


def test_a_folder_around_the_class_folders_is_no_class(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos/set/images", cats=2, dogs=2)
    (source / "loose.jpg").write_bytes(encoded(photograph()))

    result = ingest_source(tmp_path / "photos", tmp_path)

    assert result.info.classes == ("cats", "dogs")
    assert result.reasons == {
        "set/images/loose.jpg": "missing label: no class folder above the image"
    }


@pytest.mark.parametrize("word", ["val", "valid", "validation"])
def test_pre_split_folders_keep_their_splits(tmp_path: Path, word: str) -> None:
    for name in ("train", word, "test"):
        photo_folder(tmp_path / "photos" / name, cats=1, dogs=1)

    result = ingest_source(tmp_path / "photos", tmp_path)

    assert result.info.classes == ("cats", "dogs")
    assert result.info.split_counts == {"test": 2, "train": 2, "validation": 2}
    assert "validation" in result.report
    assert "pre-split class folders" in result.report


def test_images_right_inside_split_folders_have_no_label(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", train=2, test=1)

    with pytest.raises(DataError, match="3 x missing label"):
        ingest_source(source, tmp_path)


def test_a_table_beside_split_folders_without_classes_gives_the_labels(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", train=2, test=1)
    (source / "labels.csv").write_text(
        "path,label,split\ntrain/0.jpg,a,train\ntrain/1.jpg,b,train\ntest/0.jpg,a,test\n"
    )

    result = ingest_source(source, tmp_path)

    assert result.info.classes == ("a", "b")
    assert result.info.split_counts == {"test": 1, "train": 2}


def test_classes_called_like_splits_stay_classes_beside_others(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", train=2, bus=2)

    result = ingest_source(source, tmp_path)

    assert result.info.classes == ("bus", "train")


def test_the_same_bytes_twice_are_two_rows_of_one_group(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    (source / "cats/copy.jpg").write_bytes((source / "cats/0.jpg").read_bytes())

    result = ingest_source(source, tmp_path)

    cats = [one for one in result.examples if one.labels == ("cats",)]
    assert len(cats) == 2
    assert len({one.group for one in cats}) == 1


def test_every_kind_of_bad_file_is_quarantined_or_handled(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2, dogs=2)
    jpeg, png = encoded(photograph(9)), encoded(photograph(9), "PNG")
    bad = {
        "empty.jpg": b"",
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.png": png[:4000],
        "page.jpg": b"<!DOCTYPE html><title>404</title>",
        "notes.txt": b"to do: more cats",
        "phone.heic": b"\0\0\0\x18ftypheic" + bytes(64),
    }
    for name, data in bad.items():
        (source / "cats" / name).write_bytes(data)
    (source / "cats/gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (source / "cats/large.png").write_bytes(encoded(photograph(1, width=200, height=200), "PNG"))
    (source / "Blümchen 花 (neu)").mkdir()
    (source / "Blümchen 花 (neu)/ein Bild – é.jpg").write_bytes(jpeg)
    os.mkfifo(source / "cats/pipe.jpg")
    (source / ".DS_Store").write_bytes(b"\0")
    (source / "LICENSE.txt").write_text("CC-BY")

    result = ingest_source(source, tmp_path, max_megapixels=0.02)

    assert result.info.class_counts == {"Blümchen 花 (neu)": 1, "cats": 2, "dogs": 2}
    assert result.examples[0].uri.endswith("Blümchen 花 (neu)/ein Bild – é.jpg")
    assert result.reasons == {
        "cats/empty.jpg": "empty file",
        "cats/cut.jpg": f"truncated image: the end is missing after {len(jpeg) // 2:,} bytes",
        "cats/cut.png": f"truncated image: 4,000 of {len(png) - 12:,} bytes",
        "cats/page.jpg": "not an image: a web page, 33 bytes",
        "cats/notes.txt": "not an image: 16 bytes of something else",
        "cats/phone.heic": "not an image: a HEIC photo, 76 bytes",
        "cats/gone.jpg": "unreadable file: no such file",
        "cats/pipe.jpg": "unreadable file: no regular file",
        "cats/large.png": "too many pixels: 200 x 200 is 0.0 megapixels, more than 0.02",
    }
    assert all(row["expected"] and row["remedy"] for row in result.refused)
    assert ".DS_Store" in result.report and "LICENSE.txt" in result.report


def test_a_file_name_that_is_no_utf8_does_not_stop_the_run(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    Path(os.fsdecode(os.fsencode(source / "cats") + b"/caf\xe9.jpg")).write_bytes(
        encoded(photograph(4))
    )
    folder = Path(os.fsdecode(os.fsencode(source) + b"/v\xf6gel"))
    folder.mkdir()
    (folder / "1.jpg").write_bytes(encoded(photograph(5)))

    result = ingest_source(source, tmp_path)

    assert result.info.class_counts == {"cats": 2, "dogs": 1}
    assert any(one.uri.endswith(r"caf\udce9.jpg") for one in result.examples)
    assert list(result.reasons.values()) == [r"invalid label: 'v\udcf6gel'"]


def test_a_link_that_leads_back_to_its_own_folder_ends(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    (source / "cats/again").symlink_to(source)

    result = ingest_source(source, tmp_path)

    assert result.info.num_examples == 2


def test_labels_outside_the_expected_classes_are_refused_and_the_nearest_is_named(
    tmp_path: Path,
) -> None:
    source = photo_folder(tmp_path / "photos", cats=2, dgos=1)

    result = ingest_source(source, tmp_path, classes=["cats", "dogs", "birds"])

    assert result.info.classes == ("birds", "cats", "dogs")
    assert result.reasons == {"dgos/0.jpg": "unknown label: 'dgos', nearest is 'dogs'"}


def test_too_many_refused_rows_fail_the_run_with_the_top_reasons(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2, dogs=2)
    for index in range(3):
        (source / f"cats/empty{index}.jpg").write_bytes(b"")

    with pytest.raises(DataError) as caught:
        ingest_source(source, tmp_path, max_refused_share=0.1)

    message = str(caught.value)
    assert "expected at most 10% of 7 rows to be unusable, received 3 (43%)" in message
    assert "- 3 x empty file, such as cats/empty0.jpg" in message
    assert "ingest.max_refused_share" in message


def test_a_source_without_usable_images_fails_even_when_all_may_be_refused(
    tmp_path: Path,
) -> None:
    source = tmp_path / "photos"
    (source / "cats").mkdir(parents=True)
    (source / "cats/0.jpg").write_bytes(b"")

    with pytest.raises(DataError, match=r"1 rows that all have to be refused.\n- 1 x empty file"):
        ingest_source(source, tmp_path, max_refused_share=1.0)


def test_an_empty_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()

    with pytest.raises(DataError, match=r"expected labelled images, found none.*one folder per"):
        ingest_source(tmp_path / "photos", tmp_path)


def test_a_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"found nothing there\. Check the path \(ingest\.source\)"):
        ingest_source(tmp_path / "absent", tmp_path)


def test_a_source_that_cannot_be_looked_at_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"can be read; received 'File name too long'"):
        ingest_source(tmp_path / ("long" * 100), tmp_path)


def test_another_kind_of_file_is_refused_as_source(tmp_path: Path) -> None:
    (tmp_path / "photos.docx").write_bytes(b"PK")

    with pytest.raises(DataError, match="received another kind of file"):
        ingest_source(tmp_path / "photos.docx", tmp_path)


def test_another_scheme_is_refused_as_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="received ftp://"):
        ingest_source("ftp://host/photos", tmp_path)


def test_the_quarantine_counts_its_reasons(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2, dogs=2)
    (source / "cats/empty.jpg").write_bytes(b"")

    ingest_source(source, tmp_path)

    document = json.loads((tmp_path / "ingested/quarantine/quarantine.json").read_text())
    assert document["schema"] == "sightline.quarantine"
    assert document["reasons"] == {"empty file": 1}
    assert (document["num_refused"], document["num_accepted"]) == (1, 4)


def test_the_same_source_gives_the_same_dataset(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=5, dogs=5)

    first = ingest_source(source, tmp_path / "a", workers=1)
    second = ingest_source(source, tmp_path / "b", workers=4)

    assert first.info == second.info
    assert first.examples == second.examples
