"""Conditions that kinds with named classes share, beside those that only they have."""

from collections.abc import Sequence
from typing import Protocol

from sightline.ground.errors import shorten
from sightline.problems.conditions import (
    ROUNDING,
    at_least,
    at_most,
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


def check_accuracy(accuracy: Figure, rules: Rules) -> Check:
    """Require a share of right answers."""
    return at_least("accuracy", accuracy, rules.min_accuracy, f"Test accuracy is {shown(accuracy)}")


def check_chance(
    figure: Figure, chance: float, rules: Rules, *, called: str, chance_is: str
) -> Check:
    """Require a figure whose whole interval lies above what a model without knowledge reaches."""
    if not rules.beat_chance:
        return not_required("chance", "evaluate.beat_chance is false")
    if figure.low is None:
        return Check(
            name="chance",
            outcome="failed",
            required=chance,
            received=None,
            certain=None,
            reason=f"Nothing tells whether {called} lies above {chance:.3f}, {chance_is}: "
            f"{figure.reason or 'it has no interval'}. Add test images.",
        )
    beaten = figure.low > chance
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
    sentence = f"The expected calibration error is {shown(error)}"
    return at_most("calibration", error, rules.max_calibration_error, sentence)


def check_champion(champion: Comparison, rules: Rules) -> Check:
    """Require that the figure does not lie further below the live model's than is allowed."""
    drop = rules.max_accuracy_drop
    received = f"{champion.difference.value or 0.0:+.3f} {interval_text(champion.difference)}"
    return against_champion(
        champion,
        required=0.0 - drop,
        allowed=(champion.difference.value or 0.0) >= -drop - ROUNDING,
        figure=champion.figure,
        difference=f"{received.rstrip()}; a drop of {drop:g}",
    )


def against_champion(
    champion: Comparison, *, required: float, allowed: bool, figure: str, difference: str
) -> Check:
    """Require a figure beside the live model's, measured on the same images.

    Args:
        champion: the comparison.
        required: the difference that is still allowed.
        allowed: whether the difference is, where there is one.
        figure: what is compared, in words.
        difference: what came, and which difference is allowed.
    """
    if champion.outcome in ("none", "same model"):
        return not_required("champion", champion.detail.rstrip("."))
    value = champion.difference.value
    if champion.outcome == "failed" or value is None:
        return Check(
            name="champion",
            outcome="failed",
            required=required,
            received=None,
            certain=None,
            reason=f"{champion.detail} To deploy without a comparison, set evaluate.champion to "
            "nothing.",
        )
    certain = champion.verdict != "cannot tell"
    doubts = (
        f" The new model is {champion.verdict}, beyond chance."
        if certain
        else " These images cannot tell which model is better."
    )
    return Check(
        name="champion",
        outcome="passed" if allowed else "failed",
        required=required,
        received=value,
        certain=certain,
        reason=f"On the same {champion.num_images:,} images {figure} differs from version "
        f"{champion.version} by {difference} is allowed.{doubts}",
    )
