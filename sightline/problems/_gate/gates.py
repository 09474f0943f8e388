"""Conditions that kinds with named classes share, beside those that only they have."""

from collections.abc import Sequence
from typing import Protocol

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.conditions import (
    SIGNED,
    THREE_DECIMALS,
    Write,
    at_least,
    at_most,
    interval_text,
    not_required,
    p_text,
    shown,
)
from sightline.problems.judging import Rules
from sightline.problems.wording import verb
from sightline.stage.formats.evaluation import (
    Check,
    ComparedFigure,
    ComparedPart,
    Comparison,
    Decision,
    Figure,
)


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


def check_champion(
    champion: Comparison,
    rules: Rules,
    write: Write = THREE_DECIMALS,
    change: Write = SIGNED,
) -> tuple[Check, Check]:
    """Require a model that is not worse than the live one, as a whole and on every part.

    Args:
        champion: the two models on the same images.
        rules: what the settings ask.
        write: how a number of a figure is written.
        change: how a difference is.
    """
    if champion.outcome in ("none", "same model"):
        why = champion.detail.rstrip(".")
        return not_required("champion", why), not_required("parts", why)
    if not champion.figures:
        without = "To deploy without a comparison, set evaluate.champion to nothing."
        return _champion_check(
            champion, rules, failed=True, reason=f"{champion.detail} {without}"
        ), not_required("parts", "there is no comparison")
    leads_to, why = outcome_of(champion, rules)
    told = "; ".join(figure_text(one, write, change) for one in champion.figures)
    reason = f"On the same {champion.num_images:,} images as version {champion.version}: {told}."
    return (
        _champion_check(champion, rules, failed=leads_to == "hold", reason=f"{reason} {why}"),
        _check_parts(champion, rules),
    )


def outcome_of(champion: Comparison, rules: Rules) -> tuple[Decision, str]:
    """Return what a comparison leads to, and why, in sentences."""
    if champion.verdict == "worse":
        worse = " and ".join(one.name for one in champion.figures if one.verdict == "worse")
        return "hold", (
            f"It is worse in {worse}, beyond chance and by more than half of evaluate.margin "
            f"({rules.margin:g}). Look at what it gets wrong, or raise evaluate.margin."
        )
    if champion.verdict == "better":
        better = " and ".join(one.name for one in champion.figures if one.verdict == "better")
        return "deploy", f"It is better in {better}, beyond chance."
    decision, data = _when_equal(champion, rules)
    return decision, f"{_equal(champion)} evaluate.when_equal is {rules.when_equal}{data}"


def _equal(champion: Comparison) -> str:
    if any(one.verdict != "cannot tell" for one in champion.figures):
        return "The figures contradict each other."
    first = champion.figures[0]
    low, high = first.difference.low or 0.0, first.difference.high or 0.0
    if -first.margin < low and high < first.margin:
        return f"They are equal in {first.name} within the margin."
    needed = champion.costs.images_needed if champion.costs else None
    more = f"; about {needed:,} would" if needed and needed > champion.num_images else ""
    return f"These images cannot tell which model is better{more}."


def _when_equal(champion: Comparison, rules: Rules) -> tuple[Decision, str]:
    if rules.when_equal != "prefer_newer_data":
        goes = "goes live" if rules.when_equal == "deploy" else "is held"
        return rules.when_equal, f": it {goes}."
    if champion.newer_data is None:
        return "deploy", (
            f", and nothing says which images version {champion.version} learned from: it goes "
            "live."
        )
    if champion.newer_data:
        return "deploy", (
            f", and it learned from other images than version {champion.version}: it goes live."
        )
    return "hold", (
        f", and it learned from the same images as version {champion.version}: it is held. Set "
        "evaluate.when_equal to deploy for this model to go live."
    )


def figure_text(one: ComparedFigure, write: Write, change: Write) -> str:
    """Say one figure of both models; those of packages have no unit."""
    if one.own:
        write, change = THREE_DECIMALS, SIGNED
    return (
        f"{one.name} {write(one.candidate)} against {write(one.champion)}, "
        f"{change(one.difference.value or 0.0)} {interval_text(one.difference, change)}"
    )


def _champion_check(champion: Comparison, rules: Rules, *, failed: bool, reason: str) -> Check:
    # The log loss alone may be what decides.
    telling = [one for one in champion.figures if one.verdict == champion.verdict]
    one = next(iter(telling or champion.figures), None)
    half = one.margin / 2 if one else rules.margin / 2
    return Check(
        name="champion",
        outcome="failed" if failed else "passed",
        required=half if one and one.lower_is_better else -half,
        received=one.difference.value if one else None,
        certain=champion.verdict != "cannot tell" if one else None,
        reason=reason,
    )


def _check_parts(champion: Comparison, rules: Rules) -> Check:
    """Require that no class, slice or range is worse than the live model's, beyond chance."""
    if rules.part_margin >= 1:
        return not_required("parts", "evaluate.part_margin is 1")
    if not champion.parts:
        return Check(
            name="parts",
            outcome="not judged",
            required=-rules.part_margin,
            received=None,
            certain=None,
            reason=f"No class, slice or range has {rules.min_class_support} images to compare. Add "
            "test images, or lower evaluate.min_class_support.",
        )
    worse = [part for part in champion.parts if part.worse]
    lowest, number = champion.parts[0], len(champion.parts)
    looked = (
        f"Of {counted(number, 'part')} (classes, slices, ranges) with at least "
        f"{rules.min_class_support} images"
    )
    told = (
        f"{looked}, {shorten([_part_text(part) for part in worse])} "
        f"{verb(len(worse), 'lies', 'lie')} further below version "
        f"{champion.version} than evaluate.part_margin ({rules.part_margin:g}) allows, beyond "
        f"chance where {number:,} are looked at. Look at the mistakes there, or add such images."
        if worse
        else f"{looked}, none lies further below version {champion.version} than "
        f"{rules.part_margin:g}, beyond chance; the lowest is {_part_text(lowest)}."
    )
    return Check(
        name="parts",
        outcome="failed" if worse else "passed",
        required=-rules.part_margin,
        received=lowest.change,
        certain=True if worse else lowest.change >= -rules.part_margin,
        reason=told,
    )


def _part_text(part: ComparedPart) -> str:
    change = f"{part.change:+.3f}, p {p_text(part.p_value)}"
    return f"{part.name} with {part.num_images:,} images ({change})"
