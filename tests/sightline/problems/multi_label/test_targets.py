"""How several labels are read, checked and split."""

from typing import Any

import pytest

from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.targets import Target
from sightline.problems.findings import Finding
from sightline.problems.multi_label.checks import check_sets
from sightline.problems.multi_label.reader import Reader
from sightline.problems.multi_label.targets import WITHOUT, Targets
from sightline.problems.targets import TargetSurvey


def survey(*sets: str, **settings: Any) -> TargetSurvey:
    """One image per word, with a label per letter."""
    return TargetSurvey(
        classes=tuple(sorted(set("".join(sets)))),
        targets=[Target(tuple(letters)) for letters in sets],
        splits=[None] * len(sets),
        **{"min_images_per_class": 1, "max_imbalance": 100, **settings},
    )


def findings(made: TargetSurvey) -> dict[str, Finding]:
    return {one.check: one.finding for one in check_sets(made) if one.finding}


def test_words_are_labels_and_no_word_is_no_label() -> None:
    assert Reader().read_words([" cat", "dog ", "cat"]).labels == ("cat", "dog")
    assert Reader().read_words(["", " "]).labels == ()
    assert Reader().read_words([]).labels == ()


def test_a_line_has_no_label_only_where_it_says_so() -> None:
    several = [{"displayName": "cat"}, {"displayName": "dog"}]

    assert Reader().read_line({"classificationAnnotations": several}).labels == ("cat", "dog")
    assert Reader().read_line({"classificationAnnotations": []}).labels == ()
    with pytest.raises(RefusedError, match="missing label"):
        Reader().read_line({})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["a"], ["b"], ["a", "b"], []], "1 of 4 images have several labels"),
        ([["a"], ["b"], ["a"]], ""),
        ([["Doe", "Jane"], ["Roe", "Jim"], ["Poe", "Al"]], ""),
        ([["a"]] * 39 + [["a", "b"]], ""),
        ([], ""),
    ],
)
def test_labels_that_combine_look_like_several_an_image(
    rows: list[list[str]], expected: str
) -> None:
    assert Reader().suits(rows) == expected


def test_images_are_balanced_by_their_rarest_label() -> None:
    targets = [Target(tuple(letters)) for letters in ("ab", "a", "abc", "", "a")]

    assert Targets().strata(targets, ["uri"] * 5) == ["b", "a", "c", WITHOUT, "a"]


def test_a_label_that_is_called_no_label_is_not_taken_for_none() -> None:
    targets = [Target((WITHOUT,)), Target((WITHOUT,)), Target(())]

    assert Targets().strata(targets, ["uri"] * 3) == [WITHOUT, WITHOUT, f"({WITHOUT})"]


def test_a_record_holds_the_places_of_the_labels() -> None:
    assert Targets().encode(Target(("c", "a")), ["a", "b", "c"]) == {"labels": [2, 0]}
    assert Targets().encode(Target(()), ["a", "b", "c"]) == {"labels": []}


def test_images_without_a_label_are_told_and_many_are_a_warning() -> None:
    few, many = findings(survey("a", "b", "ab", "")), findings(survey("a", "b", "", "", ""))

    assert few["unlabelled_images"].severity == "info"
    assert few["unlabelled_images"].title == "1 image has no label (25.0%)."
    assert many["unlabelled_images"].severity == "warning"
    assert many["unlabelled_images"].rows == (2, 3, 4)
    assert findings(survey("", ""))["no_labels"].severity == "error"


def test_one_label_each_suggests_the_other_kind() -> None:
    found = findings(survey("a", "b", "a"))["one_label_each"]

    assert "ingest.problem: classification" in found.remedy
    assert "one_label_each" not in findings(survey("a", "b", "ab"))


def test_a_label_that_always_comes_with_another_is_told() -> None:
    found = findings(survey(*["ab"] * 10, *["b"] * 5, "c"))["labels_together"]

    assert found.title == "1 label never comes without another: a with b (10)."
    assert found.classes == ("a",)
    assert "labels_together" not in findings(survey(*["ab"] * 9, "b", "c"))


def test_a_label_of_every_image_teaches_nothing() -> None:
    found = findings(survey(*["ab"] * 10, "b"))

    assert found["labels_on_all_images"].classes == ("b",)
    assert "labels_together" not in found


def test_rare_labels_and_uneven_ones_are_told_without_class_weights() -> None:
    found = findings(survey(*["a"] * 30, "ab", min_images_per_class=5, max_imbalance=10))

    assert found["rare_classes"].classes == ("b",)
    assert "class_weights" not in found["imbalance"].remedy
