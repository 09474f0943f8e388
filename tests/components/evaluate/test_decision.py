from pathlib import Path
from typing import Any

import pytest

from components.evaluate.decision import decision_of
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError
from sightline.problems.classification.evaluation.info import ClassFigures
from sightline.problems.classification.evaluation.rule import run_checks
from sightline.problems.conditions import decide
from sightline.stage.formats.decision import read_decision, write_decision
from sightline.stage.formats.evaluation import Check, Comparison, Figure, Simulated
from tests.comparisons import comparison, figure, part
from tests.sightline.problems.classification.judged import assessed, predictions

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
    assert list(found) == ["accuracy", "chance", "class recall", "calibration", "champion", "parts"]


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


LOSS = figure(-0.05, name="log loss", champion=0.5, lower_is_better=True, margin=0.015)


def test_a_model_that_is_worse_than_the_live_one_is_held_and_the_margin_is_named() -> None:
    worse = figure(-0.08, verdict="worse")

    found = checks(champion=comparison(worse, LOSS))

    check = found["champion"]
    assert (check.outcome, check.certain) == ("failed", True)
    assert (check.required, check.received) == (-0.015, -0.08)
    assert check.reason == (
        "On the same 100 images as version 3: accuracy 0.720 against 0.800, -0.080 "
        "[-0.120, -0.040]; log loss 0.450 against 0.500, -0.050 [-0.090, -0.010]. It is worse in "
        "accuracy, beyond chance and by more than half of evaluate.margin (0.03). Look at what it "
        "gets wrong, or raise evaluate.margin."
    )
    assert decide(tuple(found.values())) == "hold"


def test_where_the_log_loss_holds_a_model_the_rule_has_its_numbers() -> None:
    worse = LOSS.model_copy(update={"verdict": "worse"})

    check = checks(champion=comparison(figure(0.01), worse, verdict="worse"))["champion"]

    assert check.outcome == "failed"
    assert (check.received, check.required) == (LOSS.difference.value, LOSS.margin / 2)


def test_a_better_log_loss_deploys_a_model_of_equal_accuracy() -> None:
    better = LOSS.model_copy(update={"verdict": "better"})

    check = checks(
        champion=comparison(figure(-0.009), better, verdict="better"), when_equal="hold"
    )["champion"]

    assert (check.outcome, check.certain) == ("passed", True)
    assert check.reason.endswith("It is better in log loss, beyond chance.")


@pytest.mark.parametrize(
    ("when_equal", "newer", "outcome", "said"),
    [
        ("deploy", False, "passed", "evaluate.when_equal is deploy: it goes live."),
        ("hold", True, "failed", "evaluate.when_equal is hold: it is held."),
        ("prefer_newer_data", True, "passed", "other images than version 3: it goes live."),
        ("prefer_newer_data", None, "passed", "nothing says which images version 3 learned from"),
        ("prefer_newer_data", False, "failed", "Set evaluate.when_equal to deploy for this model"),
    ],
)
def test_a_model_that_cannot_be_told_from_the_live_one_goes_as_the_settings_say(
    when_equal: str, newer: bool | None, outcome: str, said: str
) -> None:
    champion = comparison(figure(-0.02), LOSS, newer_data=newer)

    check = checks(champion=champion, when_equal=when_equal)["champion"]

    assert (check.outcome, check.certain) == (outcome, False)
    assert "These images cannot tell which model is better." in check.reason
    assert said in check.reason


def test_equal_within_the_margin_and_contradicting_figures_are_told_apart() -> None:
    equal = checks(champion=comparison(figure(0.0, width=0.01), LOSS))["champion"]
    worse = LOSS.model_copy(update={"verdict": "worse"})
    against = comparison(figure(0.05, verdict="better"), worse, verdict="cannot tell")

    assert "They are equal in accuracy within the margin." in equal.reason
    assert "The figures contradict each other." in checks(champion=against)["champion"].reason


def test_how_many_images_would_tell_is_said() -> None:
    costs = Simulated(
        num_images=100, num_models=500, margin=0.03, discordance=0.1, worse_promoted=0.8,
        equal_held=0.05, images_needed=1_500,
    )  # fmt: skip

    check = checks(champion=comparison(figure(-0.02), costs=costs))["champion"]

    assert "cannot tell which model is better; about 1,500 would." in check.reason


def test_a_class_that_is_worse_than_the_live_ones_holds_a_better_model() -> None:
    parts = (part(-0.4, worse=True), part(0.1, name="camera 'a'"))
    champion = comparison(figure(0.05, verdict="better"), LOSS, parts=parts)

    found = checks(champion=champion)

    assert found["champion"].outcome == "passed"
    assert found["parts"].outcome == "failed"
    assert "Of 2 parts (classes, slices, ranges)" in found["parts"].reason
    assert "class 'rose' with 20 images (-0.400, p 0.01) lies further" in found["parts"].reason
    off = checks(champion=champion, part_margin=1.0)["parts"]
    assert (off.outcome, off.reason) == (
        "not asked",
        "Nothing is required: evaluate.part_margin is 1.",
    )


def test_parts_below_the_champion_by_chance_hold_nothing_and_small_ones_are_not_judged() -> None:
    found = checks(champion=comparison(figure(0.0), parts=(part(-0.2),)))["parts"]
    none = checks(champion=comparison(figure(0.0)))["parts"]

    assert (found.outcome, found.certain) == ("passed", False)
    assert "the lowest is class 'rose' with 20 images" in found.reason
    assert none.outcome == "not judged"
    assert "has 10 images to compare" in none.reason


def test_a_champion_that_cannot_answer_holds_and_says_how_to_go_on() -> None:
    failed = Comparison(outcome="failed", detail="The champion cannot answer: it is damaged.")

    found = checks(champion=failed)

    assert decide(tuple(found.values())) == "hold"
    assert "set evaluate.champion to nothing" in found["champion"].reason


@pytest.mark.parametrize("outcome", ["none", "same model"])
def test_nothing_to_compare_with_holds_nothing(outcome: Any) -> None:
    champion = Comparison(outcome=outcome, detail="Version 3 is this very model.", version=3)

    found = checks(champion=champion)

    assert found["champion"].outcome == found["parts"].outcome == "not asked"


@pytest.mark.parametrize(
    ("champion", "settings", "decision", "code"),
    [
        (NO_CHAMPION, {}, "deploy", "no_champion"),
        (NO_CHAMPION, {"min_accuracy": 0.99}, "hold", "rule_failed"),
        (comparison(figure(0.1, verdict="better")), {}, "deploy", "better_than_champion"),
        (comparison(figure(-0.1, verdict="worse")), {}, "hold", "worse_than_champion"),
        (comparison(figure(0.0)), {}, "deploy", "equal_deployed"),
        (comparison(figure(0.0)), {"when_equal": "hold"}, "hold", "equal_held"),
        (comparison(figure(0.0), parts=(part(-0.4, worse=True),)), {}, "hold",
         "part_worse_than_champion"),
        (Comparison(outcome="failed", detail="It cannot answer."), {}, "hold", "no_comparison"),
        (Comparison(outcome="same model", detail="It is this."), {}, "deploy", "champion_itself"),
    ],
)  # fmt: skip
def test_the_decision_says_what_led_to_it_and_reads_back(
    champion: Comparison, settings: dict[str, Any], decision: str, code: str, tmp_path: Path
) -> None:
    rules = {"beat_chance": False, **settings}
    info = assessed(predictions(), champion, **rules)

    write_decision(tmp_path, decision_of(info))

    found = read_decision(tmp_path)
    assert (found.decision, found.code) == (decision, code)
    assert found.rules == info.checks
    assert found.champion == champion
    assert found.because


def test_a_decision_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "decision.json").write_text('{"schema": "sightline.decision", "schema_version": 9}')

    with pytest.raises(DataError, match=r"received sightline\.decision version 9"):
        read_decision(tmp_path)


def test_a_decision_with_parts_missing_names_them(tmp_path: Path) -> None:
    (tmp_path / "decision.json").write_text('{"schema": "sightline.decision", "schema_version": 1}')

    with pytest.raises(DataError, match="missing or wrong: decision, code"):
        read_decision(tmp_path)
