"""Where findings about classes begin: just at a limit, and beside it."""

from dataclasses import replace

import pytest

from sightline.problems._checks.classes import check_classes, missing_classes
from sightline.problems._checks.counts import counts_left
from sightline.problems.classification.checks import check_labels
from sightline.problems.findings import Finding
from sightline.problems.targets import Target, TargetSurvey


def survey(
    *, least: int = 1, imbalance: float = 10, removed: dict[int, str] | None = None, **counts: int
) -> TargetSurvey:
    """Images of cats, dogs and emus by label; `cat_test=2` lies in the test split."""
    names = [name for name, count in counts.items() for _ in range(count)]
    return TargetSurvey(
        classes=("cat", "dog", "emu"),
        targets=[Target((name.partition("_")[0],)) for name in names],
        splits=[name.partition("_")[2] or None for name in names],
        removed=removed or {},
        min_images_per_class=least,
        max_imbalance=imbalance,
    )


def findings(made: TargetSurvey) -> dict[str, Finding]:
    return {one.check: one.finding for one in check_classes(made) if one.finding is not None}


def titles(made: TargetSurvey) -> list[str]:
    return [finding.title for finding in findings(made).values()]


def test_a_class_of_just_enough_images_is_not_rare() -> None:
    assert titles(survey(cat=5, dog=4, emu=3, least=3)) == []
    assert titles(survey(cat=5, dog=4, emu=3, least=5)) == [
        "2 classes have fewer than 5 images: emu (3), dog (4)."
    ]


def test_an_imbalance_of_just_the_limit_is_borne() -> None:
    assert titles(survey(cat=20, dog=5, emu=10, imbalance=4)) == []
    assert titles(survey(cat=20, dog=5, emu=10, imbalance=3.9)) == [
        "'cat' has 4 times as many images as 'dog' (20 and 5)."
    ]


def test_two_classes_with_images_left_are_enough() -> None:
    without_emu = survey(cat=2, dog=1, emu=1, removed={3: "copy"})
    cats_alone = survey(cat=2, dog=1, emu=1, removed={2: "copy", 3: "copy"})

    assert titles(without_emu) == ["1 class has no image to learn from: emu."]
    assert titles(cats_alone) == [
        "A classifier needs at least 2 classes with images; this dataset has 1 (cat).",
        "2 classes have no image to learn from: dog, emu.",
    ]
    assert counts_left(cats_alone) == {"cat": 2, "dog": 0, "emu": 0}


def test_the_rows_that_a_class_lost_stand_in_its_finding() -> None:
    made = survey(cat=2, dog=1, emu=1, removed={0: "damaged", 3: "copy of 1"})

    empty = findings(made)["empty_classes"]

    assert (empty.classes, empty.rows, empty.notes) == (("emu",), (3,), ("copy of 1",))


def test_training_lacks_a_class_only_where_no_image_could_still_come() -> None:
    images = {"cat_train": 2, "dog_test": 1, "emu": 1, "cat_test": 1}

    assert missing_classes(survey(**images), "train") == ["dog"]
    assert missing_classes(survey(**images), "test") == ["emu"]
    assert missing_classes(survey(**images, removed={3: "copy"}), "test") == []


def test_a_class_missing_in_training_is_worse_than_one_missing_in_the_test() -> None:
    both = findings(survey(cat_train=2, cat_test=2, dog_test=1, emu_train=1))
    test = findings(survey(cat_train=2, cat_test=2, dog_train=1, emu_train=1))

    lacking = both["classes_missing_in_splits"]
    assert (lacking.severity, lacking.title) == (
        "error",
        "2 classes are missing from a given split: train lacks dog; test lacks emu.",
    )
    lacking = test["classes_missing_in_splits"]
    assert (lacking.severity, lacking.classes) == ("warning", ("dog", "emu"))


def test_rare_and_outnumbered_classes_name_their_images() -> None:
    made = findings(survey(cat=20, dog=5, emu=1, least=2, imbalance=4))

    assert made["rare_classes"].rows == (25,)
    assert made["imbalance"].rows == (25,)
    assert made["imbalance"].classes == ("cat", "emu")


def test_classes_below_the_advised_number_are_named_fewest_first_and_rare_ones_once() -> None:
    made = replace(
        survey(least=10, imbalance=1000, cat=30, dog=20, emu=4), wanted_images_per_class=100
    )

    found = findings(made)

    assert found["few_images"].severity == "info"
    assert found["few_images"].classes == ("dog", "cat")
    assert "fewer than 100 images" in found["few_images"].title
    assert "from 1,000 on fine-tuning pays" in found["few_images"].remedy
    assert found["rare_classes"].classes == ("emu",)


def of_numbers(*labels: str) -> TargetSurvey:
    return TargetSurvey(
        classes=tuple(sorted(set(labels))),
        targets=[Target((label,)) for label in labels],
        splits=[None] * len(labels),
        removed={},
        min_images_per_class=1,
        max_imbalance=10,
    )


@pytest.mark.parametrize(
    "labels",
    [
        *(["12.5", "3.75", "8", "8", "40.1"], ["3", "17", "58", "91", "110", "240"]),
        [f"{number / 7:.3f}" for number in range(12) for _ in range(9)],
    ],
)
def test_labels_that_are_amounts_are_an_error(labels: list[str]) -> None:
    (finding,) = [one.finding for one in check_labels(of_numbers(*labels)) if one.finding]

    assert finding.severity == "error"
    assert finding.title.startswith("The labels look like amounts, not classes: ")
    assert "ingest.label_column" in finding.remedy


@pytest.mark.parametrize(
    "labels",
    [
        *([*"0123456789"], ["0", "1", "1"], ["type 3.5", "8", "12"], ["0.5", "1.5", "2.5"] * 4),
        [str(10 * number) for number in range(30) for _ in range(5)],
    ],
)
def test_numbers_that_name_classes_pass(labels: list[str]) -> None:
    assert [one.finding for one in check_labels(of_numbers(*labels)) if one.finding] == []
