"""Where findings begin: just at a limit, and beside it."""

from pathlib import Path

import pytest

from components.label_check.classes import check_classes, counts_left, missing_classes
from components.label_check.measurement import Measurement
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from sightline.stage.formats.dataset import DatasetInfo, read_info
from tests.components.label_check.labelled import (
    check,
    example,
    photographs,
    two_classes,
    write_dataset,
)
from tests.data import encoded, photograph


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> DatasetInfo:
    examples = [example(name, encoded(photograph(2))) for name in ("cat", "dog", "emu")]
    return read_info(write_dataset(tmp_path_factory.mktemp("dataset"), examples))


def survey(info: DatasetInfo, **counts: int) -> Survey:
    """Images by label; `cat_test=2` lies in the test split."""
    images = []
    for name, count in counts.items():
        label, _, split = name.partition("_")
        for _ in range(count):
            images.append(
                Measurement(
                    row=len(images),
                    id=str(len(images)),
                    uri=f"{label}/{len(images)}.jpg",
                    labels=(label,),
                    split=split or None,
                    scores=None,
                )
            )
    return Survey(info, images)


def titles(made: Survey, removed: dict[int, str] | None = None, **settings: float) -> list[str]:
    rules = LabelCheckSettings.model_validate({"min_images_per_class": 1, **settings})
    outcomes = check_classes(made, removed or {}, rules)
    return [one.finding.title for one in outcomes if one.finding is not None]


def test_a_class_of_just_enough_images_is_not_rare(info: DatasetInfo) -> None:
    made = survey(info, cat=5, dog=4, emu=3)

    assert titles(made, min_images_per_class=3) == []
    assert titles(made, min_images_per_class=5) == [
        "2 classes have fewer than 5 images: emu (3), dog (4)."
    ]


def test_an_imbalance_of_just_the_limit_is_borne(info: DatasetInfo) -> None:
    made = survey(info, cat=20, dog=5, emu=10)

    assert titles(made, max_imbalance=4) == []
    assert titles(made, max_imbalance=3.9) == [
        "'cat' has 4 times as many images as 'dog' (20 and 5)."
    ]


def test_two_classes_with_images_left_are_enough(info: DatasetInfo) -> None:
    made = survey(info, cat=2, dog=1, emu=1)
    without_emu, cats_alone = {3: "copy"}, {2: "copy", 3: "copy"}

    assert titles(made, without_emu) == ["1 class has no image to learn from: emu."]
    assert titles(made, cats_alone) == [
        "A classifier needs at least 2 classes with images; this dataset has 1 (cat).",
        "2 classes have no image to learn from: dog, emu.",
    ]
    assert counts_left(made, cats_alone) == {"cat": 2, "dog": 0, "emu": 0}


def test_the_rows_that_a_class_lost_stand_in_its_finding(info: DatasetInfo) -> None:
    made = survey(info, cat=2, dog=1, emu=1)

    outcomes = check_classes(made, {0: "damaged", 3: "copy of 1"}, LabelCheckSettings())

    empty = next(one.finding for one in outcomes if one.check == "empty_classes")
    assert empty is not None
    assert (empty.classes, empty.rows, empty.notes) == (("emu",), (3,), ("copy of 1",))


def test_training_lacks_a_class_only_where_no_image_could_still_come(info: DatasetInfo) -> None:
    made = survey(info, cat_train=2, dog_test=1, emu=1, cat_test=1)

    assert missing_classes(made, {}, "train") == ["dog"]
    assert missing_classes(made, {}, "test") == ["emu"]
    assert missing_classes(made, {3: "copy"}, "test") == []


def test_a_class_missing_in_training_is_worse_than_one_missing_in_the_test(
    info: DatasetInfo,
) -> None:
    made = survey(info, cat_train=2, cat_test=2, dog_test=1, emu_train=1)

    outcomes = check_classes(made, {}, LabelCheckSettings())

    found = next(one.finding for one in outcomes if one.check == "classes_missing_in_splits")
    assert found is not None
    assert found.severity == "error"
    assert found.title == (
        "2 classes are missing from a given split: train lacks dog; test lacks emu."
    )


def test_a_dataset_of_which_nothing_decodes_is_described_all_the_same(tmp_path: Path) -> None:
    cut = [
        example(label, encoded(photograph(seed))[:300], uri=f"{label}/{seed}.jpg")
        for seed, label in enumerate(["cat", "dog"])
    ]

    result = check(tmp_path, cut, fail_on="never")

    assert {"unreadable_images", "empty_classes", "too_few_classes"} <= result.found
    assert result.cleaned == []
    assert result.facts["findings"]["num_removed"] == 2
    assert "Sizes" not in result.page
    assert "Colours" not in result.page


def test_the_report_counts_images_by_class_and_split_and_describes_sizes(tmp_path: Path) -> None:
    tested = photographs("dog", 3, first=300, split="test")

    result = check(tmp_path, [*two_classes(), *tested], fail_on="never")

    assert "no split" in result.page
    assert "short side / long side" in result.page
    assert "standard deviation" in result.page
    assert result.facts["cleaned"]["num_images"] == 27
