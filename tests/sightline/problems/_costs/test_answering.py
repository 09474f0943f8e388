"""Accuracy against the share of images that are answered, and thresholds to reject below."""

from pathlib import Path

import numpy as np
import pytest

from components.evaluate.settings import EvaluateSettings
from sightline.problems._costs.answering import answering
from tests.sightline.problems.classification import judged

RULES = EvaluateSettings(bootstrap_samples=100)


def test_the_surest_are_answered_first_and_the_last_point_answers_all() -> None:
    confidence = np.linspace(0.4, 0.99, 100)
    correct = confidence > 0.6

    found = answering(confidence, correct, {}, RULES)

    assert len(found.points) == 25
    assert found.points[0].accuracy.value == 1
    assert found.points[-1].answered.value == 1
    assert found.points[-1].accuracy.value == correct.mean()
    thresholds = [point.threshold for point in found.points]
    assert thresholds == sorted(thresholds, reverse=True)


def test_suggested_are_the_thresholds_that_reach_an_accuracy_with_the_most_answers() -> None:
    confidence = np.linspace(0.4, 0.99, 100)
    correct = np.arange(100) >= 20

    found = {one.wanted: one.point for one in answering(confidence, correct, {}, RULES).suggested}

    assert sorted(found) == [0.9, 0.95, 0.98, 0.99]
    assert found[0.9].answered.value == 0.88
    assert found[0.9].accuracy.value == pytest.approx(80 / 88)
    assert found[0.99].answered.value == 0.8


def test_nothing_is_suggested_where_all_answers_reach_it_or_only_a_few() -> None:
    confidence = np.linspace(0.4, 0.99, 30)
    always, rarely = np.ones(30, bool), np.arange(30) >= 25

    assert answering(confidence, always, {}, RULES).suggested == ()
    assert answering(confidence, rarely, {}, RULES).suggested == ()


def test_equal_probabilities_are_answered_together() -> None:
    found = answering(np.full(40, 0.8), np.arange(40) < 20, {}, RULES)

    assert [point.answered.value for point in found.points] == [1]
    assert found.suggested == ()


def test_the_models_own_threshold_is_measured_as_it_is() -> None:
    about = {"reject_below": 0.7, "costs": {"miss": 1, "false_alarm": 1, "rejection": 0.25}}
    confidence = np.array([0.9, 0.8, 0.6, 0.5])
    correct = np.array([True, False, False, True])

    found = answering(confidence, correct, about, RULES).rejection

    assert found is not None
    assert (found.answered.value, found.accuracy.value) == (0.5, 0.5)
    assert found.cost.value == pytest.approx((1 + 2 * 0.25) / 4)
    assert found.cost_of_all.value == 0.5


def test_the_page_shows_the_curve_and_how_to_have_a_threshold(tmp_path: Path) -> None:
    answers = [0] * 30 + [1] * 40 + [2] * 30
    truth = [0] * 20 + [1] * 50 + [2] * 30
    made = judged.predictions(answers, truth)
    made.probabilities[:30] = [0.5, 0.3, 0.2]

    page = judged.shown(tmp_path, judged.assessed(made, bootstrap_samples=100))

    assert "Leaving unsure images to a person" in page
    assert "95% 0.8 0.700 [0.604, 0.781]" in page
    assert "set train.rejection_cost" in page
