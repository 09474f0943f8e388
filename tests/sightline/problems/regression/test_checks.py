"""What label check says about numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sightline.ground.source.targets import Target
from sightline.problems.findings import Finding, Outcome
from sightline.problems.regression.scale import learned
from sightline.problems.regression.targets import Targets
from sightline.problems.targets import TargetSurvey

EVEN = [float(value) for value in range(1, 101)]


def checked(values: Sequence[float], **given: Any) -> dict[str, Outcome]:
    survey = TargetSurvey(
        classes=(),
        targets=[Target((), value) for value in values],
        splits=given.pop("splits", [None] * len(values)),
        min_images_per_class=1,
        max_imbalance=10,
        **given,
    )
    about = {"unit": "mm", **learned(values, {})}
    return {one.check: one for one in Targets(about).check(survey)}


def finding(found: dict[str, Outcome], name: str) -> Finding:
    one = found[name].finding
    assert one is not None, found[name]
    return one


def test_numbers_in_order_are_clean_and_what_could_not_run_says_so() -> None:
    found = checked(EVEN)

    assert not any(one.finding for one in found.values())
    assert {name for name, one in found.items() if one.not_run} == {
        "splits_of_numbers",
        "wrong_numbers",
    }


def test_one_number_for_all_leaves_nothing_to_learn() -> None:
    said = finding(checked([3.0] * 30), "constant_number")

    assert said.severity == "error"
    assert said.title == "There is nothing to learn: of 30 images, all have 3 mm."


def test_a_slip_of_the_comma_lies_far_out() -> None:
    said = finding(checked([*EVEN, 4500.0, -900.0]), "far_numbers")

    assert said.rows == (100, 101)
    assert "2 numbers lie far from the others: 4,500 mm, -900 mm." in said.title
    assert "over 3 times the width of the middle half" in said.remedy


def test_a_number_that_stands_for_not_measured_is_heaped() -> None:
    said = finding(checked([*EVEN, *[0.0] * 40]), "heaped_numbers")

    assert "0 mm (29%), of 101 numbers" in said.title
    assert len(said.rows) == 40


def test_few_different_numbers_are_not_heaped() -> None:
    assert checked([1.0, 2.0, 3.0] * 20)["heaped_numbers"].finding is None


def test_a_range_without_images_is_told() -> None:
    said = finding(checked([*EVEN[:30], *EVEN[70:]]), "missing_range")

    assert said.title.startswith("No image has a number between 30 mm and 71 mm, 41%")


def test_a_test_split_beyond_what_is_trained_on_is_told() -> None:
    splits = ["train" if value <= 80 else "test" for value in EVEN]

    said = finding(checked(EVEN, splits=splits), "splits_of_numbers")

    assert said.title == (
        "20 images of test have a number outside those to train on, 1 mm to 80 mm."
    )


def seen_by_a_backbone(values: Sequence[float], noise: float) -> Any:
    random = np.random.default_rng(2)
    directions = random.normal(size=8)
    features = np.outer(values, directions) + random.normal(0, noise, (len(values), 8))
    return lambda rows: features[rows].astype(np.float32)


def test_a_number_unlike_its_image_is_doubted_with_what_fits_better() -> None:
    features = seen_by_a_backbone(EVEN * 2, noise=2.0)
    values = EVEN * 2
    values[7], values[130] = 95.0, 1.0

    said = finding(checked(values, features=features), "wrong_numbers")

    assert set(said.rows) == {7, 130}
    assert said.notes[0].startswith("95 mm, rather ")
    assert "never saw it" in said.title


@pytest.mark.parametrize("num_groups", [2, 3])
def test_few_groups_are_judged_in_as_many_folds(num_groups: int) -> None:
    values = EVEN * 2
    features = seen_by_a_backbone(values, noise=2.0)
    values[7] = 95.0
    groups = [str(row % num_groups) for row in range(200)]

    said = finding(checked(values, features=features, groups=groups), "wrong_numbers")

    assert said.rows[0] == 7
    assert f"{num_groups} folds" in said.remedy


def test_images_of_one_group_are_not_judged_by_one_another() -> None:
    found = checked(EVEN, features=seen_by_a_backbone(EVEN, noise=2.0), groups=["a"] * 100)

    reason = found["wrong_numbers"].not_run
    assert reason is not None and "All images are of one group" in reason.reason


def test_of_many_images_some_are_learned_from_and_all_are_judged() -> None:
    values = EVEN * 4
    features = seen_by_a_backbone(values, noise=2.0)
    wrong = {3, 130, 260, 390}
    for row in wrong:
        values[row] = 101.0 - values[row] + (60 if values[row] > 50 else 0)

    said = finding(checked(values, features=features, most_learned=100), "wrong_numbers")

    assert set(said.rows) >= wrong


def test_features_that_tell_nothing_doubt_nothing() -> None:
    found = checked(EVEN, features=seen_by_a_backbone([0.0] * 100, noise=1.0))

    reason = found["wrong_numbers"].not_run
    assert reason is not None and "tell too little of the numbers" in reason.reason


def test_copies_agree_within_the_tolerance() -> None:
    targets = Targets({"tolerance": 0.5})

    assert targets.agree(Target((), 1.0), Target((), 1.4))
    assert not targets.agree(Target((), 1.0), Target((), 1.6))
