"""Slices held against the rest, groups beside the largest, and figures without doubtful images."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import false_discovery_control, fisher_exact

from components.evaluate.again import measure_again
from components.evaluate.describe import measured_slices
from components.evaluate.own_metrics.measure import Figures
from components.evaluate.settings import EvaluateSettings
from sightline.problems._figures.fairness import difference_of
from sightline.problems._figures.intervals import wilson
from sightline.problems._figures.slices import slice_figures
from sightline.problems.classification.judging import Judging
from sightline.stage.formats.checked import Checked, read_checked
from tests.sightline.problems.binary import test_binary as binary
from tests.sightline.problems.classification import judged
from tests.sightline.problems.multi_label import judged as sets
from tests.sightline.problems.regression import judged as regression

QUICK = {"bootstrap_samples": 100}
RULES = EvaluateSettings(bootstrap_samples=100, min_slice_images=10)
WRONG_AT_NIGHT = [0] * 40 + [1] * 20
TRUE = [0] * 60
LIGHT = ("day",) * 40 + ("night",) * 20
CAMERAS = ("a", "b") * 30


def at_night(**more: tuple[str | None, ...]) -> Any:
    return judged.predictions(WRONG_AT_NIGHT, TRUE, light=LIGHT, camera=CAMERAS, **more)


def test_a_slice_is_worse_where_a_corrected_exact_test_says_so() -> None:
    made = at_night()

    found = {one.value: one for one in slice_figures(made, made.correct, RULES)}

    assert {value: one.verdict for value, one in found.items()} == {
        "day": "better",
        "night": "worse",
        "a": "no difference told",
        "b": "no difference told",
    }
    p_values = [
        fisher_exact(table).pvalue
        for table in ([[40, 0], [0, 20]], [[0, 20], [40, 0]], [[20, 10]] * 2, [[20, 10]] * 2)
    ]
    assert [one.p_value for one in found.values()] == pytest.approx(p_values)
    assert [one.adjusted_p_value for one in found.values()] == pytest.approx(
        false_discovery_control(p_values).tolist()
    )
    assert found["night"].others.value == 1


def test_few_images_are_measured_and_not_tested() -> None:
    made = judged.predictions([0] * 12, [0] * 12, light=("day",) * 9 + ("night",) * 3)

    found = slice_figures(made, made.correct, RULES)

    assert {one.verdict for one in found} == {"too few images"}
    assert {one.adjusted_p_value for one in found} == {None}


def test_the_page_and_a_warning_name_the_slice_that_is_worse(tmp_path: Path) -> None:
    info = judged.assessed(at_night(), **QUICK)

    page = judged.shown(tmp_path, info)

    assert "light night 20 0.0" in page
    (warned,) = [one for one in info.warnings if "light night" in one]
    assert warned.startswith(
        "Worse than on other images, beyond chance at 5% after correction for 4"
    )


def test_other_kinds_have_their_own_figures_of_slices() -> None:
    sides = ("left", "right") * 20
    yes = binary.predictions([0.9, 0.1] * 20, [1, 0] * 20)
    yes = binary.Judging(binary.ABOUT).collect(
        binary.Predictions(ids=yes.ids, uris=yes.uris, classes=yes.classes, slices={"side": sides}),
        [1, 0] * 20,
        [0.9, 0.1] * 20,
    )
    labels = sets.predictions(sets.ANSWERS * 5, sets.TRUTH * 5, side=sides)
    numbers = regression.predictions([10.0] * 40, [11.0, 14.0] * 20, side=sides)

    of_yes = binary.assessed(yes, **QUICK, min_slice_images=10).slices[0].further
    of_labels = sets.assessed(labels, **QUICK, min_slice_images=10).slices[0].further
    left, right = regression.assessed(numbers, **QUICK, min_slice_images=10).slices

    assert set(of_yes) == {"precision", "recall", "f1", "roc_auc"}
    assert of_yes["recall"].value == 1
    assert set(of_labels) == {"macro_precision", "macro_recall", "macro_f1", "roc_auc"}
    assert (left.verdict, right.verdict) == ("better", "worse")


def test_measurements_part_images_into_thirds_unless_all_are_alike() -> None:
    checked = [
        Checked(measurements={"brightness": float(at), "size": 96.0}) for at in range(30, 60)
    ]

    found = measured_slices(checked)

    assert set(found) == {"image brightness"}
    names = found["image brightness"]
    assert [names.count(name) for name in dict.fromkeys(names)] == [10, 10, 10]
    assert names[0] == "up to 39.7"
    assert measured_slices([None, *checked]) == {}
    assert read_checked([None, '{"brightness": 3.5, "suspect": ""}']) == [
        None,
        Checked(measurements={"brightness": 3.5}, suspect=""),
    ]


def test_groups_are_compared_with_the_largest_by_newcombes_interval() -> None:
    truth = [1] * 40 + [0] * 40 + [1] * 20 + [0] * 20
    chances = [0.9] * 36 + [0.1] * 4 + [0.1] * 40 + [0.9] * 10 + [0.1] * 10 + [0.1] * 20
    groups = ("pale",) * 80 + ("dark",) * 40
    plain = binary.predictions(chances, truth)
    common = binary.Predictions(
        ids=plain.ids, uris=plain.uris, classes=plain.classes, slices={"skin": groups}
    )
    made = binary.Judging(binary.ABOUT).collect(common, truth, chances)

    pale, dark = binary.assessed(made, **QUICK, fairness_columns=("skin",)).fairness

    assert (pale.group, pale.differences) == ("pale", {})
    assert (dark.reference, dark.name) == ("pale", "defect")
    recall = dark.differences["true_positive_rate"]
    assert recall.value == pytest.approx(0.5 - 0.9)
    assert recall.low is not None and recall.high is not None
    assert recall.low < -0.4 < recall.high < 0
    assert dark.differences["false_positive_rate"].value == 0


def test_the_interval_of_a_difference_is_newcombes_own_example() -> None:
    # Statistics in Medicine 17 (1998), table II, method 10: 56 of 70 against 48 of 80.
    first, second = (wilson(*counts, level=0.95) for counts in ((56, 70), (48, 80)))

    found = difference_of(first, second)

    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_column_that_is_not_there_is_said_and_the_page_shows_what_is(tmp_path: Path) -> None:
    info = judged.assessed(at_night(), **QUICK, fairness_columns=("light", "lihgt"))

    page = judged.shown(tmp_path, info)

    assert any("Fairness by 'lihgt' was not measured" in note for note in info.notes)
    assert "Fairness" in page
    assert "light night 20 daisy" in page


def test_figures_are_measured_again_without_doubtful_images() -> None:
    made = at_night()
    figures = Figures(Judging(), EvaluateSettings.model_validate(QUICK))
    doubted = tuple(answer != true for answer, true in zip(WRONG_AT_NIGHT, TRUE, strict=True))
    marked = replace(made, doubted=doubted, like_training=(False,) * 60)

    suspects, copies = measure_again(marked, judged.assessed(made), figures)

    assert (suspects.num_images, suspects.figures["accuracy"].value) == (20, 1)
    assert (copies.num_images, copies.figures, copies.reason) == (0, {}, "")
    unknown = measure_again(made, judged.assessed(made), figures)
    assert all(one.reason.startswith("Not run: ") for one in unknown)
    assert np.array_equal(marked.of_rows(np.array([0, 59])).truth, [0, 0])


def test_other_answers_leave_what_label_check_said_of_an_image() -> None:
    made = replace(at_night(), doubted=(False,) * 59 + (True,), like_training=(True,) * 60)
    judging = Judging()
    last_two = [59, 58]

    told = judging.answered(made, last_two, judging.served(made, last_two))

    assert (told.ids, told.doubted) == ((made.ids[59], made.ids[58]), (True, False))
    assert (told.like_training, told.slices["light"]) == ((True, True), ("night", "night"))
    assert told.prediction.tolist() == made.prediction[last_two].tolist()
