"""What a person is told about the splits."""

import pytest

from components.preprocess.splits import Candidate
from components.preprocess.survey import survey_splits
from sightline.ground.errors import DataError
from sightline.stage.formats.records import Split

ALL: tuple[Split, ...] = ("train", "validation", "test")


def candidates(*labels: str) -> list[Candidate]:
    return [Candidate(f"group {index}", label, None) for index, label in enumerate(labels)]


def spread(*labels: str) -> tuple[list[Candidate], tuple[Split, ...]]:
    """Each class in every split."""
    chosen = [label for label in labels for _ in ALL]
    return candidates(*chosen), ALL * len(labels)


def test_images_are_counted_by_split_and_class() -> None:
    chosen = candidates("cat", "cat", "dog", "dog", "cat")

    survey = survey_splits(["cat", "dog"], chosen, ("train", "train", "train", "test", "test"))

    assert survey.classes == ("cat", "dog")
    assert survey.counts == {
        "train": {"cat": 2, "dog": 1},
        "validation": {"cat": 0, "dog": 0},
        "test": {"cat": 1, "dog": 1},
    }
    assert survey.totals == {"train": 3, "validation": 0, "test": 2}


def test_classes_that_are_in_every_split_leave_nothing_to_say() -> None:
    assert survey_splits(["cat", "dog"], *spread("cat", "dog")).findings == ()


def test_without_validation_only_that_is_said_of_it() -> None:
    survey = survey_splits(["cat"], candidates("cat", "cat"), ("train", "test"))

    assert [finding.text for finding in survey.findings] == ["No image is in the validation split."]
    assert "Raise preprocess.validation_share" in survey.findings[0].remedy


def test_absent_classes_are_found_in_train_and_test_without_validation_too() -> None:
    chosen = candidates("cat", "dog", "eel", "fox")

    survey = survey_splits(["cat", "dog", "eel", "fox"], chosen, ("train", "test", "test", "train"))

    assert [finding.text for finding in survey.findings] == [
        "No image is in the validation split.",
        "dog, eel have no image in the train split: the model can never answer them.",
        "cat, fox have no image in the test split: nothing is measured about them.",
    ]


def test_one_absent_class_has_and_two_have() -> None:
    chosen, splits = spread("cat")

    one = survey_splits(["cat", "dog"], chosen, splits).findings[0].text
    two = survey_splits(["cat", "dog", "eel"], chosen, splits).findings[0].text

    assert one == "dog has no image in the train split: the model can never answer them."
    assert two == "dog, eel have no image in the train split: the model can never answer them."


@pytest.mark.parametrize(
    ("split", "empty"), [("train", "test"), ("test", "train"), ("validation", "train")]
)
def test_an_empty_train_or_test_split_is_refused(split: Split, empty: str) -> None:
    message = f"one image in the {empty} split; received none of 2"

    with pytest.raises(DataError, match=message):
        survey_splits(["cat"], candidates("cat", "cat"), (split, split))


def test_groups_that_given_splits_tear_are_counted_and_named() -> None:
    chosen, splits = spread("cat")
    torn = [Candidate(f"burst {number}", "cat", None) for number in (2, 1) for _ in range(2)]
    whole = [Candidate("whole", "cat", None)] * 2

    survey = survey_splits(
        ["cat"],
        [*chosen, *torn, *whole],
        (*splits, "train", "test", "test", "validation", "train", "train"),
    )

    assert len(survey.findings) == 1
    assert survey.findings[0].text.startswith(
        "2 groups of images lie in several splits, as the source gave them: burst 1, burst 2."
    )
