from typing import Any

import pytest

from components.evaluate.settings import EvaluateSettings
from sightline.problems.classification.evaluation.info import ClassFigures
from sightline.problems.classification.evaluation.rule import run_checks
from sightline.problems.conditions import decide
from sightline.stage.formats.evaluation import Check, Comparison, Figure

NO_CHAMPION = Comparison(outcome="none", detail="No champion is set (evaluate.champion).")


def class_figures(name: str, *, support: int, recall: float) -> ClassFigures:
    none = Figure(value=None)
    interval = Figure(value=recall, low=max(0, recall - 0.2), high=min(1, recall + 0.2))
    return ClassFigures(
        name=name,
        support=support,
        predicted=support,
        precision=none,
        recall=interval,
        f1=none,
        roc_auc=none,
        average_precision=none,
    )


def compared(difference: float, *, verdict: Any = "cannot tell", version: int = 3) -> Comparison:
    return Comparison(
        outcome="compared",
        detail="All test images.",
        version=version,
        num_images=100,
        difference=Figure(value=difference, low=difference - 0.04, high=difference + 0.04),
        verdict=verdict,
    )


def checks(
    *,
    accuracy: float = 0.9,
    calibration: float = 0.05,
    chance: float = 0.25,
    per_class: tuple[ClassFigures, ...] = (),
    champion: Comparison = NO_CHAMPION,
    **settings: Any,
) -> dict[str, Check]:
    found = run_checks(
        metrics={
            "accuracy": Figure(value=accuracy, low=accuracy - 0.05, high=accuracy + 0.05),
            "expected_calibration_error": Figure(
                value=calibration, low=calibration - 0.02, high=calibration + 0.02
            ),
        },
        per_class=per_class,
        chance=chance,
        champion=champion,
        rules=EvaluateSettings(**settings),
    )
    return {check.name: check for check in found}


def test_a_model_that_meets_every_condition_is_deployed() -> None:
    found = checks()

    assert decide(tuple(found.values())) == "deploy"
    assert list(found) == ["accuracy", "chance", "class recall", "calibration", "champion"]


def test_accuracy_below_the_threshold_holds() -> None:
    found = checks(accuracy=0.8, min_accuracy=0.9)

    assert decide(tuple(found.values())) == "hold"
    assert found["accuracy"].certain is True
    assert found["accuracy"].reason == ("Test accuracy is 0.800 [0.750, 0.850], 0.9 is required.")


def test_an_interval_across_the_threshold_says_that_it_cannot_tell() -> None:
    check = checks(accuracy=0.91, min_accuracy=0.9)["accuracy"]

    assert (check.outcome, check.certain) == ("passed", False)
    assert "more images would tell" in check.reason


def test_exactly_the_threshold_is_enough() -> None:
    assert checks(accuracy=0.85, min_accuracy=0.85)["accuracy"].outcome == "passed"


def test_a_model_no_better_than_the_most_common_class_is_held() -> None:
    found = checks(accuracy=0.9, chance=0.88)

    assert found["chance"].outcome == "failed"
    assert "does not lie above 0.880" in found["chance"].reason
    assert checks(accuracy=0.9, chance=0.88, beat_chance=False)["chance"].outcome == "not asked"


def test_the_worst_class_with_enough_images_decides_about_recall() -> None:
    classes = (
        class_figures("daisy", support=40, recall=0.9),
        class_figures("rose", support=30, recall=0.4),
        class_figures("tulip", support=3, recall=0.0),
    )

    check = checks(per_class=classes, min_class_recall=0.5)["class recall"]

    assert check.outcome == "failed"
    assert "of 'rose' with 30 images" in check.reason
    assert "Not judged, with fewer than 10 test images: tulip." in check.reason


def test_recall_is_not_judged_where_no_class_has_enough_images() -> None:
    classes = (class_figures("daisy", support=4, recall=0.0),)

    found = checks(per_class=classes, min_class_recall=0.5)

    assert found["class recall"].outcome == "not judged"
    assert "evaluate.min_class_support" in found["class recall"].reason
    assert decide(tuple(found.values())) == "deploy"


def test_poor_calibration_holds_where_a_limit_is_set() -> None:
    found = checks(calibration=0.2, max_calibration_error=0.1)

    assert found["calibration"].outcome == "failed"
    assert found["calibration"].certain is True
    assert checks(calibration=0.2)["calibration"].outcome == "not asked"


@pytest.mark.parametrize(
    ("difference", "drop", "outcome"),
    [
        (0.0, 0.0, "passed"),
        (-0.01, 0.0, "failed"),
        (-0.02, 0.02, "passed"),
        (-0.03, 0.02, "failed"),
    ],
)
def test_the_champion_may_be_missed_by_the_allowed_drop_and_no_more(
    difference: float, drop: float, outcome: str
) -> None:
    found = checks(champion=compared(difference), max_accuracy_drop=drop)

    assert found["champion"].outcome == outcome
    assert found["champion"].certain is False
    assert "cannot tell which model is better" in found["champion"].reason


def test_a_clear_difference_from_the_champion_is_called_certain() -> None:
    check = checks(champion=compared(0.08, verdict="better"))["champion"]

    assert (check.outcome, check.certain) == ("passed", True)
    assert "The new model is better, beyond chance." in check.reason


def test_a_champion_that_cannot_answer_holds_and_says_how_to_go_on() -> None:
    failed = Comparison(outcome="failed", detail="The champion cannot answer: it is damaged.")

    found = checks(champion=failed)

    assert decide(tuple(found.values())) == "hold"
    assert "set evaluate.champion to nothing" in found["champion"].reason


@pytest.mark.parametrize("outcome", ["none", "same model"])
def test_nothing_to_compare_with_holds_nothing(outcome: Any) -> None:
    champion = Comparison(outcome=outcome, detail="Version 3 is this very model.", version=3)

    assert checks(champion=champion)["champion"].outcome == "not asked"
