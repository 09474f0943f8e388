"""Thresholds by what mistakes cost: chosen on images held out, carried into every answer."""

from typing import Any

import numpy as np
import pytest

from sightline.problems import problem_of
from sightline.problems._costs.choosing_threshold import choose_threshold, each_cost
from sightline.problems._costs.costs import Costs
from sightline.problems._figures.held_out import FEWEST_IMAGES
from sightline.problems.classification.serving import Serving
from sightline.problems.multi_label.judging import Judging as JudgingSets
from sightline.problems.multi_label.serving import Serving as SetServing
from sightline.stage.formats.evaluation import Predictions
from tests.sightline.problems.binary import test_binary as binary
from tests.sightline.problems.classification import judged
from tests.sightline.problems.multi_label import judged as sets

FRAUD = Costs(miss=4, false_alarm=1)


def calibrated(num_images: int) -> tuple[Any, Any]:
    random = np.random.default_rng(5)
    chances = random.random(num_images)
    return random.random(num_images) < chances, chances


def test_probabilities_that_are_right_get_the_threshold_of_decision_theory() -> None:
    truth, chances = calibrated(400)

    found = choose_threshold(truth, chances, FRAUD, seed=7)

    assert found.value == pytest.approx(0.2)
    assert found.reason.startswith("A name pays from 0.2 on where probabilities are right")
    assert found.reason.endswith("only chance.")


def test_probabilities_that_are_too_high_get_a_threshold_of_their_own_that_costs_less() -> None:
    truth, chances = calibrated(3000)
    too_high = 0.6 + 0.4 * chances

    found = choose_threshold(truth, too_high, FRAUD, seed=7)

    assert 0.63 < found.value < 0.75
    own, usual = (each_cost(truth, too_high >= at, FRAUD).mean() for at in (found.value, 0.2))
    assert own < usual
    assert float(np.float32(found.value)) == found.value


@pytest.mark.parametrize(("images", "positives"), [(20, 10), (200, 3), (200, 0)])
def test_few_images_get_the_threshold_of_decision_theory_and_are_told_why(
    images: int, positives: int
) -> None:
    truth = np.arange(images) < positives

    found = choose_threshold(truth, np.full(images, 0.9), FRAUD, seed=7)

    assert found.value == pytest.approx(0.2)
    assert "too few to tell another one" in found.reason


def test_a_threshold_costs_what_it_was_chosen_for_where_probabilities_are_one_or_neighbours() -> (
    None
):
    costs = Costs(miss=1.0, false_alarm=2.0)
    low = np.float32(0.9)
    truth = np.arange(60) >= 30
    chances = np.where(truth, np.nextafter(low, np.float32(1)), low).astype(np.float64)
    sure = np.where(truth, 0.995, 1.0)

    near = choose_threshold(truth, chances, costs, seed=7)
    wrong = choose_threshold(truth, sure, Costs(miss=1.0, false_alarm=100.0), seed=7)

    usual = each_cost(truth, chances >= costs.break_even, costs).mean()
    assert each_cost(truth, chances >= near.value, costs).mean() < usual
    assert wrong.value == pytest.approx(100 / 101)


def test_equal_costs_leave_every_threshold_where_it_is() -> None:
    truth, chances = calibrated(100)
    for kind in ("binary", "multi_label", "classification"):
        training = problem_of(kind, binary.ABOUT).training
        shape = (100, 1)

        found = training.decide(
            chances.reshape(shape), truth.reshape(shape), ["defect"], Costs(), seed=7
        )

        assert found.about == {}


def test_costs_become_a_threshold_that_the_answer_and_the_figures_use() -> None:
    truth, chances = calibrated(FEWEST_IMAGES - 1)  # nothing is measured: the costs alone decide
    training = problem_of("binary", binary.ABOUT).training

    decided = training.decide(
        chances[:, np.newaxis], truth[:, np.newaxis], binary.CLASSES, FRAUD, seed=7
    )

    about = {**binary.ABOUT, **decided.about}
    assert about["threshold"] == pytest.approx(0.2)
    made = binary.predictions([0.9, 0.8, 0.7, 0.25, *binary.CHANCES[4:]], about=about)
    info = binary.assessed(made, about)
    assert info.threshold == about["threshold"]
    assert info.metrics["recall"].value == 1
    assert info.costs is not None
    # Three false alarms of 1 against one miss of 4 and one false alarm at 0.5.
    assert info.costs.cost.value == pytest.approx(0.3)
    assert info.costs.usual.value == pytest.approx(0.5)
    assert info.costs.saved.value == pytest.approx(0.2)
    (answer,) = problem_of("binary", about).serving.read(
        {"probabilities": np.array([[0.3]], np.float32)}, binary.CLASSES
    )
    assert (answer.class_name, answer.threshold) == ("defect", about["threshold"])


def test_each_label_has_a_threshold_of_its_own() -> None:
    truth, chances = calibrated(3000)
    goals = np.stack([truth, truth, np.zeros(3000, bool)], axis=1)
    answers = np.stack([chances, 0.6 + 0.4 * chances, chances], axis=1)

    decided = problem_of("multi_label").training.decide(answers, goals, sets.CLASSES, FRAUD, seed=7)

    first, second, third = decided.about["thresholds"]
    assert first == third == pytest.approx(0.2)
    assert 0.63 < second < 0.75
    serving = SetServing(decided.about)
    row = np.array([[0.3, 0.5, 0.1]], np.float32)
    (answer,) = serving.read({"probabilities": row}, sets.CLASSES)
    assert answer.labels == ["disc"]
    document = serving.as_json(answer)
    assert "threshold" not in document
    assert serving.from_json(document) == answer
    assert serving.named(answer, sets.CLASSES)["thresholds"] == dict(
        zip(sets.CLASSES, (first, second, third), strict=True)
    )
    judging = JudgingSets(decided.about)
    common = Predictions(ids=("a",), uris=("a",), classes=sets.CLASSES)
    made = judging.collect(common, [[1.0, 0.0, 0.0]], row.astype(np.float64))
    assert made.correct.tolist() == [True]
    assert judging.wrongness([[0.0, 0.0, 0.0]], row) == [pytest.approx(0.3)]


def test_answers_that_are_too_unsure_to_pay_are_marked_and_measured() -> None:
    confidence = np.random.default_rng(5).uniform(0.5, 1, 400)
    right = np.random.default_rng(1).random(400) < confidence
    answers = np.stack([confidence, 1 - confidence], axis=1)
    goals = np.stack([right, ~right], axis=1)

    decided = problem_of("classification").training.decide(
        answers, goals, ("a", "b"), Costs(rejection=0.25), seed=7
    )

    assert decided.about["reject_below"] == pytest.approx(0.75)
    serving = Serving(decided.about)
    rows = np.array([[0.7, 0.2, 0.1], [0.9, 0.05, 0.05]], np.float32)
    unsure, sure = serving.read({"probabilities": rows}, judged.CLASSES)
    assert (unsure.is_rejected, sure.is_rejected) == (True, False)
    assert serving.caption(unsure) == ("unsure (daisy)", "0.700")
    assert serving.from_json(serving.as_json(unsure)) == unsure
    assert serving.named(unsure, judged.CLASSES)["is_rejected"] is True
    assert serving.same([unsure, sure], [sure, sure]).agrees.tolist() == [False, True]
    assert "is_rejected" not in Serving().as_json(
        Serving().read({"probabilities": rows}, judged.CLASSES)[0]
    )
