"""Metrics of packages: measured, compared with the live model, required, and shown."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from components.evaluate.own_metrics.compared import own_pairs
from components.evaluate.own_metrics.measure import Figures, with_own
from components.evaluate.own_metrics.required import with_required
from components.evaluate.own_metrics.resampling import added_by_each
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import SettingsError
from sightline.ground.plugins.metric import Metric
from sightline.problems._gate.gates import check_champion
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.problems.classification.evaluation.metrics import figures_of
from sightline.problems.classification.judging import Judging
from sightline.problems.judging import Champion
from tests.sightline.problems.classification import judged

SETTINGS = EvaluateSettings(bootstrap_samples=200, beat_chance=False, min_accuracy=0)


class Cost(Metric):
    """A missed tulip costs five, any other mistake one."""

    label, sentence = "Cost of mistakes", "a missed tulip costs five"
    higher_is_better, in_points = False, False
    problems = frozenset({"classification"})

    def measure(self, seen: Any) -> Any:
        return (seen.prediction != seen.truth) * np.where(seen.truth == 2, 5, 1)


class Recall(Metric):
    """No mean over images: the share of roses that is found."""

    label, sentence = "Recall of roses", "share of roses that are found"
    higher_is_better = True
    problems = frozenset({"classification"})

    def measure(self, seen: Any) -> Any:
        roses = seen.truth == 1
        return (seen.prediction[roses] == 1).mean() if roses.any() else float("nan")


class Broken(Cost):
    """Fails."""

    def measure(self, seen: Any) -> Any:
        raise ZeroDivisionError("nobody was asked")


class Narrow(Cost):
    """One number too few."""

    def measure(self, seen: Any) -> Any:
        return np.zeros(len(seen.ids) - 1)


def asked(metric: Metric, **changed: Any) -> Figures:
    # Names of metrics are checked against installed packages, so these settings are not.
    settings = SETTINGS.model_copy(update={"own_metrics": ("own",), **changed})
    return Figures(Judging(), settings, {"own": metric})


def measured(metric: Metric, made: ClassPredictions, **changed: Any) -> ClassificationInfo:
    figures = asked(metric, **changed)
    info = with_required(with_own(judged.assessed(made), figures, made), figures.settings)
    assert isinstance(info, ClassificationInfo)
    return info


def many(wrong_tulips: int) -> ClassPredictions:
    truth = [0, 1, 2] * 60
    answers = list(truth)
    for number in range(wrong_tulips):
        answers[3 * number + 2] = 0
    return judged.predictions(answers, truth)


def live(made: ClassPredictions, classes: tuple[str, ...] = judged.CLASSES) -> Champion:
    rows = range(len(made.ids))
    answers = dict(zip(made.ids, Judging().served(made, rows), strict=True))
    return Champion(version=3, classes=classes, answers=answers)


def test_it_is_among_the_metrics_with_an_interval_and_in_the_headline() -> None:
    info = measured(Cost(), many(wrong_tulips=18))

    figure = info.metrics["own"]
    assert figure.value == pytest.approx(0.5)
    assert 0.2 < (figure.low or 0) < 0.5 < (figure.high or 0) < 0.8
    assert [one.name for one in info.headline] == ["accuracy", "own"]
    assert not info.headline[1].higher_is_better


def test_the_headline_that_was_asked_for_is_said_first() -> None:
    info = measured(Cost(), many(wrong_tulips=18), headline="own")

    assert [one.label for one in info.headline] == ["Cost of mistakes", "Test accuracy"]


def test_what_is_no_mean_over_images_has_the_interval_of_our_own_resamples() -> None:
    made = judged.predictions([1, 1, 0, 1, 0] * 8, [1, 1, 1, 0, 0] * 8)
    rules = EvaluateSettings(bootstrap_samples=200)

    figure = asked(Recall()).of(made)["own"]

    share = figures_of(made, rules)["macro_recall"]
    assert figure.value == pytest.approx(2 / 3)
    assert figure.low is not None
    assert figure.low < 2 / 3 < (figure.high or 0)
    assert share.value == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_what_each_image_adds_spreads_as_the_figure_does() -> None:
    random = np.random.default_rng(1)
    truth = random.integers(0, 3, 1500)
    answers = np.where(random.random(1500) < 0.8, truth, 0)
    made = judged.predictions(answers.tolist(), truth.tolist())

    added = added_by_each(Recall(), made)

    found = (answers[truth == 1] == 1).mean()
    assert added.mean() == pytest.approx(found, abs=1e-9)
    expected = np.sqrt(found * (1 - found) / (truth == 1).sum())
    assert added.std() / np.sqrt(1500) == pytest.approx(expected, rel=0.1)


def test_as_headline_it_decides_against_the_champion() -> None:
    worse, better = many(wrong_tulips=30), many(wrong_tulips=3)
    figures = asked(Cost(), headline="own")

    own = own_pairs(figures, worse, live(better))
    champion = Champion(version=3, classes=judged.CLASSES, answers=live(better).answers, own=own)
    found = Judging().compare(worse, champion, figures.settings)

    first = found.figures[0]
    assert (first.name, first.verdict, found.verdict) == ("Cost of mistakes", "worse", "worse")
    assert (first.candidate, first.champion) == pytest.approx((30 / 36, 3 / 36))
    assert first.margin == pytest.approx(0.03 * 3 / 36)
    assert [one.name for one in found.further] == ["accuracy"]
    check, _ = check_champion(found, figures.settings)
    assert check.outcome == "failed"
    assert "Cost of mistakes 0.833 against 0.083, +0.750 [" in check.reason


def test_beside_the_headline_it_is_compared_and_decides_nothing() -> None:
    worse, better = many(wrong_tulips=30), many(wrong_tulips=3)
    figures = asked(Recall())

    own = own_pairs(figures, worse, live(better))
    champion = Champion(version=3, classes=judged.CLASSES, answers=live(better).answers, own=own)
    found = Judging().compare(worse, champion, figures.settings)

    assert [one.name for one in found.figures] == ["accuracy", "log loss"]
    (further,) = found.further
    assert (further.name, further.verdict, further.candidate) == (
        "Recall of roses",
        "cannot tell",
        1,
    )


def test_a_live_model_of_other_classes_is_not_asked_about_it() -> None:
    made = many(wrong_tulips=3)

    assert own_pairs(asked(Cost()), made, live(made, ("daisy", "rose"))) is None


def test_a_required_figure_that_is_not_reached_holds_the_model() -> None:
    info = measured(Cost(), many(wrong_tulips=18), require=("own <= 0.4", "macro_f1 >= 0.5"))

    failed, passed = info.checks[-4:-2]
    assert info.decision == "hold"
    assert (failed.name, failed.outcome, failed.required) == ("own", "failed", 0.4)
    assert failed.reason.startswith("own is 0.500 [")
    assert "0.4 is allowed" in failed.reason
    assert (passed.name, passed.outcome) == ("macro_f1", "passed")


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (Broken(), "ZeroDivisionError: nobody was asked"),
        (
            Narrow(),
            "expected one number, or one for each of 180 images; received an array of shape [179]",
        ),
    ],
)
def test_a_metric_that_fails_loses_no_evaluation_and_holds_only_where_it_is_needed(
    metric: Metric, reason: str
) -> None:
    beside = measured(metric, many(wrong_tulips=3))
    first = measured(metric, many(wrong_tulips=3), headline="own")

    assert beside.decision == "deploy"
    assert reason in beside.metrics["own"].reason
    assert any(reason in warning for warning in beside.warnings)
    assert first.decision == "hold"
    assert any(f"own could not be measured: {reason[:20]}" in one.reason for one in first.checks)


def test_a_name_that_the_kind_has_already_is_refused() -> None:
    figures = Figures(Judging(), SETTINGS, {"accuracy": Cost()})

    with pytest.raises(SettingsError, match="expected names that problem classification has no"):
        with_own(judged.assessed(many(3)), figures, many(3))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"own_metrics": ["cost"]}, "received 'cost', and no installed package brings any"),
        ({"headline": "cost"}, "headline cost: expected one of own_metrics .none is set."),
        ({"require": ["cost over 3"]}, "such as macro_f1 >= 0.8; received 'cost over 3'"),
    ],
)
def test_settings_that_ask_for_what_is_not_there_are_refused(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        EvaluateSettings.model_validate(settings)


def test_a_required_figure_that_nobody_measures_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"macro_f2\. Did you mean macro_f1\?.*new run"):
        measured(Cost(), many(3), require=("macro_f2 >= 0.3",))
