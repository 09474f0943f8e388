"""What a model of numbers comes to: figures, decision, page, the live model and the card."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from components.evaluate.page import build_page
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError
from sightline.problems.judging import Champion, Mistake
from sightline.problems.regression.evaluation.figures import mean_of
from sightline.problems.regression.evaluation.info import NumberPredictions, RegressionInfo
from sightline.problems.regression.judging import Judging
from sightline.problems.regression.scale import learned
from sightline.problems.regression.serving import Number
from sightline.stage.formats.evaluation import Predictions, read_info, write_info
from tests.sightline.problems.regression.judged import (
    ABOUT,
    GIVEN,
    SUBJECT,
    TRAINED_ON,
    assessed,
    predictions,
)

JUDGING = Judging(ABOUT)
RULES = EvaluateSettings()


def noisy(count: int = 200, noise: float = 1.0, seed: int = 1) -> NumberPredictions:
    random = np.random.default_rng(seed)
    truth = random.integers(1, 21, count).astype(float)
    return predictions(truth.tolist(), (truth + random.normal(0, noise, count)).tolist())


def champion(made: NumberPredictions, answers: Any, unit: str = "cells") -> Champion:
    given = [Number(value=float(value), unit=unit) for value in answers]
    return Champion(version=3, classes=(), answers=dict(zip(made.ids, given, strict=True)))


def test_figures_are_those_of_scikit_learn() -> None:
    made = noisy()

    found = {name: figure.value for name, figure in assessed(made).metrics.items()}

    truth, values = made.truth, made.values
    assert found["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(truth, values))
    assert found["root_mean_squared_error"] == pytest.approx(
        metrics.root_mean_squared_error(truth, values)
    )
    assert found["median_absolute_error"] == pytest.approx(
        metrics.median_absolute_error(truth, values)
    )
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, values))
    assert found["correlation"] == pytest.approx(np.corrcoef(truth, values)[0, 1])
    without = np.abs(truth - 10.5).mean()
    assert found["error_reduction"] == pytest.approx(1 - np.abs(made.errors).mean() / without)
    assert found["within_tolerance"] == (np.abs(made.errors) <= ABOUT["tolerance"]).mean()


def test_intervals_hold_the_true_error_about_as_often_as_they_say() -> None:
    true_error = np.sqrt(2 / np.pi)
    rules = EvaluateSettings(bootstrap_samples=200)

    found = [mean_of(np.abs(noisy(seed=seed).errors), rules) for seed in range(60)]

    held = [(one.low or 0) <= true_error <= (one.high or 0) for one in found]
    assert 0.85 <= np.mean(held) < 1.0


def test_slices_of_numbers_are_the_most_common_ones_and_the_rest_is_told() -> None:
    made = predictions([5.0] * 30, [6.0] * 30, place=tuple(f"place {at}" for at in range(30)))

    info = assessed(made)

    assert len(info.slices) == 20
    assert "Slice column 'place' has 30 values; the 20 most common are shown." in info.notes


def test_an_error_in_a_unit_far_too_large_keeps_its_digits() -> None:
    errors = np.array([1.25e-10, 2.5e-10, 3.75e-10])

    found = mean_of(errors, EvaluateSettings(bootstrap_samples=100))

    assert found.value == pytest.approx(2.5e-10, rel=1e-9)
    assert found.low is not None and found.high is not None
    assert found.low < 2.5e-10 < found.high


def test_one_number_in_the_test_split_leaves_r2_without_a_value_and_says_why() -> None:
    info = assessed(predictions([5.0, 5.0, 5.0], [5.0, 6.0, 4.0]))

    assert info.metrics["r2"].value is None
    assert "r2 could not be measured: the numbers are all the same." in info.notes
    assert [figure.name for figure in info.headline] == ["mean_absolute_error"]


def test_numbers_in_a_unit_far_too_large_are_measured_and_compared_as_others_are() -> None:
    made, factor = noisy(), 1e-14
    small = predictions((made.truth * factor).tolist(), (made.values * factor).tolist())
    judging = Judging({**GIVEN, **learned([one * factor for one in TRAINED_ON], GIVEN)})
    live = champion(small, (made.truth + np.where(np.arange(200) % 2, 2.0, -2.0)) * factor)

    compared = judging.compare(small, live, RULES)
    strict = EvaluateSettings(max_mean_error=0.1 * factor)
    info = judging.assess(small, subject=SUBJECT, champion=compared, rules=strict)

    usual = assessed(made).metrics
    for name in ("r2", "explained_variance", "correlation", "error_reduction"):
        assert info.metrics[name].value == pytest.approx(usual[name].value)
    assert compared.verdict == "better"
    assert [check.name for check in info.checks if check.outcome == "failed"] == ["mean error"]


def test_a_slice_is_told_better_or_worse_than_the_images_with_another_value() -> None:
    errors = np.concatenate([np.linspace(2, 3, 30), np.linspace(4, 5, 30), np.zeros(200)])
    camera = ("old",) * 30 + ("new",) * 30 + (None,) * 200

    info = assessed(predictions([5.0] * 260, (5 + errors).tolist(), camera=camera))

    assert {part.value: part.verdict for part in info.slices} == {"old": "better", "new": "worse"}


def test_a_model_that_knows_nothing_is_held() -> None:
    made = noisy()
    flat = predictions(made.truth.tolist(), [10.5] * 200)

    info = assessed(flat)

    assert info.decision == "hold"
    (failed,) = [check for check in info.checks if check.outcome == "failed"]
    assert failed.name == "baseline"
    assert "that of always answering 10.5 cells, the median of the training" in failed.reason
    assert assessed(made).decision == "deploy"
    assert assessed(flat, beat_chance=False).decision == "deploy"


def test_the_gate_asks_for_an_error_and_for_a_share_below_the_baseline() -> None:
    made = noisy()

    strict = assessed(made, max_mean_error=0.1, min_error_reduction=0.99)

    reasons = {check.name: check.reason for check in strict.checks if check.outcome == "failed"}
    assert set(reasons) == {"mean error", "error reduction"}
    assert "The mean absolute error of red cells (cells) is 0.7" in reasons["mean error"]
    assert "0.1 is allowed." in reasons["mean error"]
    assert "0.99 is required." in reasons["error reduction"]
    assert assessed(made, max_mean_error=1, min_error_reduction=0.5).decision == "deploy"


def test_the_live_model_is_compared_by_errors_on_the_same_images() -> None:
    made = noisy(noise=0.5)
    worse = champion(made, made.truth + np.where(np.arange(200) % 2, 2.0, -2.0))
    better = champion(made, made.truth + 0.01)

    won = JUDGING.compare(made, worse, RULES)
    lost = JUDGING.compare(made, better, RULES)

    (error,) = won.figures
    assert won.verdict == "better"
    assert error.difference.value == pytest.approx(np.abs(made.errors).mean() - 2.0)
    assert error.margin == pytest.approx(0.06)
    assert assessed(made, won).decision == "deploy"
    assert lost.verdict == "worse"
    held = assessed(made, lost)
    reasons = {check.name: check.reason for check in held.checks if check.outcome == "failed"}
    assert "mean absolute error 0.3" in reasons["champion"]
    assert "worse in mean absolute error, beyond chance" in reasons["champion"]
    assert "range 7 to 8 with 17 images" in reasons["parts"]


def test_equal_models_cannot_be_told_apart() -> None:
    made = noisy()
    random = np.random.default_rng(9)

    found = JUDGING.compare(made, champion(made, made.truth + random.normal(0, 1, 200)), RULES)

    assert found.verdict == "cannot tell"


def test_a_live_model_in_another_unit_is_not_compared() -> None:
    made = noisy(10)

    found = JUDGING.compare(made, champion(made, made.truth, unit="mm"), RULES)

    assert found.outcome == "failed"
    assert found.detail == "Version 3 answers in mm, the new model in cells."
    assert assessed(made, found).decision == "hold"


def test_the_page_shows_charts_ranges_and_the_largest_errors(tmp_path: Path) -> None:
    made = predictions(
        [2.0, 9.0, 18.0, 30.0], [2.1, 12.0, 17.9, 20.0], camera=("a", "a", "b", None)
    )
    info = assessed(made, beat_chance=False)
    shown = Mistake(
        id="x",
        truth=np.float32(9),
        answer=12.0,
        wrongness=3.0,
        pixels=np.zeros((4, 4, 3), np.uint8),
        uri="photos/odd.jpg",
    )

    build_page(info, JUDGING, [shown]).write(tmp_path / "page.html")

    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") == 2
    for words in (
        "true red cells (cells)",
        "answer minus truth",
        "12.00 cells",
        "truth: 9 cells",
        "17 to 18",
        "Slices",
        "1 image of the test split lies outside the training",
        "always 10.5 cells",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("factor", "error", "risen", "allowed"),
    [
        (1e-6, "0.000000750", "-0.000000250", "2e-06"),
        (1.0, "0.750", "-0.250", ">2<"),
        (1e4, "7,500", "-2,500", "20,000"),
    ],
)
def test_errors_read_well_whatever_the_unit(
    factor: float, error: str, risen: str, allowed: str, tmp_path: Path
) -> None:
    given = {"name": "width", "unit": "m"}
    judging = Judging({**given, **learned([value * factor for value in TRAINED_ON], given)})
    truth = np.array(TRAINED_ON * 10)
    answers = truth + np.where(np.arange(200) % 2, 0.5, -1.0)
    made = predictions((truth * factor).tolist(), (answers * factor).tolist())
    rules = EvaluateSettings(max_mean_error=2 * factor)
    live = judging.compare(made, champion(made, (truth + 1) * factor, unit="m"), rules)

    info = judging.assess(made, subject=SUBJECT, champion=live, rules=rules)
    build_page(info, judging, []).write(tmp_path / "page.html")

    reasons = {check.name: check.reason for check in info.checks}
    assert f"of width (m) is {error} [" in reasons["mean error"]
    assert f", {risen} [" in reasons["champion"]
    page = re.sub("<svg.*?</svg>", "", (tmp_path / "page.html").read_text(), flags=re.DOTALL)
    for words in (f"{error} m", risen, allowed):
        assert words in page, words
    assert not re.search(r"[^\d.]0\.0+[^\d.]", page), "a figure reads as nothing"


def test_an_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = noisy(30)
    info = assessed(made)

    write_info(tmp_path, info)
    JUDGING.write_predictions(tmp_path, made)

    assert read_info(tmp_path, RegressionInfo) == info
    again = JUDGING.read_predictions(tmp_path, info)
    assert np.array_equal(again.truth, made.truth) and np.array_equal(again.values, made.values)


def test_answers_that_are_no_numbers_are_named() -> None:
    with pytest.raises(DataError, match=r"received none for b\. Train again"):
        JUDGING.answers({"value": np.array([[1.0], [np.nan]], np.float32)}, ["a", "b"])


def test_an_answer_is_wrong_beyond_the_tolerance() -> None:
    assert Judging({"tolerance": 0.5}).wrongness([1.0, 1.0], [1.5, 2.0]) == [None, 1.0]


def test_the_card_says_the_task_the_baseline_and_where_it_is_weakest() -> None:
    card = JUDGING.card(assessed(noisy()))

    assert card.task == "image-regression" and card.figure[0] == "mae"
    assert card.baseline is not None and "always 10.5 cells" in card.baseline[0]
    assert "trained on numbers from 1 cells to 20 cells" in card.caveat
    assert len(card.limits) == 3


def test_collected_answers_keep_what_is_known_of_each_image() -> None:
    common = Predictions(ids=("a",), uris=("a.jpg",), classes=(), slices={"site": ("x",)})

    made = JUDGING.collect(common, [np.float32(2.0)], [2.5])

    assert made.slices == {"site": ("x",)} and made.errors.tolist() == [0.5]
    assert JUDGING.served(made, [0]) == [Number(value=2.5, unit="cells")]
