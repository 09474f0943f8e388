"""Conditions that kinds with named classes share, beside those that only they have."""

from collections.abc import Sequence
from typing import Protocol

from sightline.ground.errors import shorten
from sightline.problems.conditions import (
    ROUNDING,
    at_least,
    doubt,
    interval_text,
    not_required,
    shown,
)
from sightline.problems.judging import Rules
from sightline.stage.formats.evaluation import Check, Comparison, Figure


class Recalled(Protocol):
    """A class and how much of it is found."""

    @property
    def name(self) -> str: ...
    @property
    def support(self) -> int: ...
    @property
    def recall(self) -> Figure: ...


def check_chance(
    figure: Figure, chance: float, rules: Rules, *, called: str, chance_is: str
) -> Check:
    """Require a figure whose whole interval lies above what a model without knowledge reaches."""
    if not rules.beat_chance:
        return not_required("chance", "evaluate.beat_chance is false")
    beaten = figure.low is not None and figure.low > chance
    relation = "lies above" if beaten else "does not lie above"
    return Check(
        name="chance",
        outcome="passed" if beaten else "failed",
        required=chance,
        received=figure.low,
        certain=True if beaten else (figure.high or 0.0) < chance,
        reason=f"The interval of {called} {interval_text(figure)} {relation} {chance:.3f}, "
        f"{chance_is}." + ("" if beaten else " Add images or train longer."),
    )


def check_class_recall(per_class: Sequence[Recalled], rules: Rules) -> Check:
    """Require a recall of the class that is found worst, of those with enough test images."""
    if rules.min_class_recall == 0:
        return not_required("class recall", "evaluate.min_class_recall is 0")
    judged = [item for item in per_class if item.support >= rules.min_class_support]
    small = [item.name for item in per_class if item.support < rules.min_class_support]
    left_out = (
        f" Not judged, with fewer than {rules.min_class_support} test images: {shorten(small)}."
        if small
        else ""
    )
    if not judged:
        return Check(
            name="class recall",
            outcome="not judged",
            required=rules.min_class_recall,
            received=None,
            certain=None,
            reason=f"No class has enough test images.{left_out} Add images, or lower "
            "evaluate.min_class_support.",
        )
    worst = min(judged, key=lambda item: item.recall.value or 0.0)
    found = at_least(
        "class recall",
        worst.recall,
        rules.min_class_recall,
        f"The lowest recall, of '{worst.name}' with {worst.support:,} images, is "
        f"{shown(worst.recall)}",
    )
    return found.model_copy(update={"reason": found.reason + left_out})


def check_calibration(error: Figure, rules: Rules) -> Check:
    """Require probabilities that mean what they say."""
    if rules.max_calibration_error == 1:
        return not_required("calibration", "evaluate.max_calibration_error is 1")
    value, limit = error.value or 0.0, rules.max_calibration_error
    passed = value <= limit + ROUNDING
    low, high = error.low or 0.0, error.high or 1.0
    certain = high <= limit if passed else low > limit
    return Check(
        name="calibration",
        outcome="passed" if passed else "failed",
        required=limit,
        received=value,
        certain=certain,
        reason=f"The expected calibration error is {shown(error)}, {limit:g} is allowed."
        + doubt(certain),
    )


def check_champion(champion: Comparison, rules: Rules) -> Check:
    """Require that the figure does not lie further below the live model's than is allowed."""
    if champion.outcome in ("none", "same model"):
        return not_required("champion", champion.detail.rstrip("."))
    value = champion.difference.value
    if champion.outcome == "failed" or value is None:
        return Check(
            name="champion",
            outcome="failed",
            required=0.0 - rules.max_accuracy_drop,
            received=None,
            certain=None,
            reason=f"{champion.detail} To deploy without a comparison, set evaluate.champion to "
            "nothing.",
        )
    passed = value >= -rules.max_accuracy_drop - ROUNDING
    certain = champion.verdict != "cannot tell"
    return Check(
        name="champion",
        outcome="passed" if passed else "failed",
        required=0.0 - rules.max_accuracy_drop,
        received=value,
        certain=certain,
        reason=f"On the same {champion.num_images:,} images {champion.figure} differs from version "
        f"{champion.version} by {value:+.3f} {interval_text(champion.difference)}; a drop of "
        f"{rules.max_accuracy_drop:g} is allowed." + _paired_doubt(champion),
    )


def _paired_doubt(champion: Comparison) -> str:
    if champion.verdict == "cannot tell":
        return " These images cannot tell which model is better."
    return f" The new model is {champion.verdict}, beyond chance."
