from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.start.survey import survey
from tests.components.ingest.ingesting import ingest_source
from tests.data import encoded, photo_folder, photograph


@pytest.mark.parametrize(
    ("train", "test"),
    [
        *(("seg_train", "seg_test"), ("training_set", "test_set"), ("TrainData", "TestData")),
        *(("train_images", "val_images"), ("trainset", "testset"), ("birds-train", "birds-test")),
        ("seg_train/seg_train", "seg_test/seg_test"),
    ],
)
def test_split_folders_under_other_names_are_splits(tmp_path: Path, train: str, test: str) -> None:
    photo_folder(tmp_path / "photos" / train, cats=2, dogs=1)
    photo_folder(tmp_path / "photos" / test, cats=1, dogs=1)
    photo_folder(tmp_path / "photos", seg_pred=2)

    result = ingest_source(tmp_path / "photos", tmp_path)

    assert result.info.class_counts == {"cats": 3, "dogs": 2}
    assert result.info.split_counts["train"] == 3
    assert sum(result.info.split_counts.values()) == 5
    assert f"{train.partition('/')[0]} is train" in result.report
    assert "seg_pred (2 files)" in result.report
    assert survey(str(tmp_path / "photos")).classes == {"cats": 3, "dogs": 2}


def test_classes_that_hold_the_word_of_a_split_stay_classes(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", train_station=1, test_tube=1, bus=1)

    result = ingest_source(source, tmp_path)

    assert result.info.classes == ("bus", "test_tube", "train_station")


def test_folders_named_like_splits_without_a_class_in_common_stay_classes(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos/toy_train", engine=1, wagon=1)
    photo_folder(tmp_path / "photos/toy_test", tube=1)
    photo_folder(tmp_path / "photos/toy_bus", red=1, blue=1)

    result = ingest_source(tmp_path / "photos", tmp_path)

    assert result.info.class_counts == {"toy_bus": 2, "toy_test": 1, "toy_train": 2}


def test_a_further_folder_with_the_same_classes_beside_splits_is_asked_about(
    tmp_path: Path,
) -> None:
    for name in ("train", "test", "more"):
        photo_folder(tmp_path / "photos" / name, cats=1, dogs=1)

    with pytest.raises(DataError, match=r"received more beside test, train, with the same classes"):
        ingest_source(tmp_path / "photos", tmp_path)


def test_the_same_folders_inside_every_folder_are_asked_about(tmp_path: Path) -> None:
    for name in ("north", "south"):
        photo_folder(tmp_path / "photos" / name, cats=1, dogs=1)

    with pytest.raises(DataError, match=r"the same folders \(cats, dogs\).*ingest.class_folder"):
        ingest_source(tmp_path / "photos", tmp_path)
    first = ingest_source(tmp_path / "photos", tmp_path / "first", class_folder="first")
    last = ingest_source(tmp_path / "photos", tmp_path / "last", class_folder="last")

    assert first.info.classes == ("north", "south")
    assert last.info.classes == ("cats", "dogs")


def test_folders_inside_class_folders_and_empty_ones_are_said(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    photo_folder(source / "cats", wild=1)
    (source / "birds").mkdir()
    (source / "fish").mkdir()
    (source / "fish/notes.txt").write_text("none yet")

    result = ingest_source(source, tmp_path)

    assert result.info.class_counts == {"cats": 2, "dogs": 1}
    assert "belong to the class: cats (wild)" in result.report
    assert "Folders without images, which are no classes: birds, fish" in result.report


@pytest.mark.parametrize(
    "folder", ["@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found"]
)
def test_folders_of_storage_systems_are_ignored(tmp_path: Path, folder: str) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    for above in (source, source / "cats"):
        (above / folder / "cats").mkdir(parents=True)
        (above / folder / "cats/thumb.jpg").write_bytes(encoded(photograph(8)))

    result = ingest_source(source, tmp_path)

    assert result.info.class_counts == {"cats": 1, "dogs": 1}
    assert "2 files beside the images ignored" in result.report


@pytest.mark.parametrize(
    "folder", ["no_label", "unlabeled", "_unlabeled", "Unlabelled", "__ignore"]
)
def test_folders_of_unlabelled_images_are_left_out_and_said(tmp_path: Path, folder: str) -> None:
    source = photo_folder(tmp_path / "photos", cats=1, dogs=1, **{folder: 2})

    result = ingest_source(source, tmp_path)
    wanted = ingest_source(source, tmp_path / "wanted", classes=("cats", "dogs", folder))

    assert result.info.classes == ("cats", "dogs")
    assert f"names no class: {folder} (2 files)" in result.report
    assert wanted.info.class_counts[folder] == 2


def test_two_links_to_one_folder_are_two_classes(tmp_path: Path) -> None:
    photo_folder(tmp_path / "all", a=2, b=1)
    source = tmp_path / "photos"
    source.mkdir()
    for name, target in {"rose": "a", "tulip": "b", "zinnia": "a"}.items():
        (source / name).symlink_to(tmp_path / "all" / target)

    result = ingest_source(source, tmp_path)

    assert result.info.class_counts == {"rose": 2, "tulip": 1, "zinnia": 2}


def test_folders_that_link_to_each_other_end(tmp_path: Path) -> None:
    names = [f"class{number}" for number in range(6)]
    source = photo_folder(tmp_path / "photos", **dict.fromkeys(names, 1))
    for name in names:
        for other in names:
            (source / name / f"to_{other}").symlink_to(source / other)

    found = survey(str(source))

    assert set(found.classes) == set(names)
