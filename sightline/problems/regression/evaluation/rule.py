"""Deploy or hold, with every reason."""

from sightline.problems._gate.gates import check_champion
from sightline.problems.conditions import (
    at_least,
    at_most,
    interval_text,
    not_required,
    shown,
)
from sightline.problems.judging import Rules
from sightline.problems.regression.scale import Scale
from sightline.stage.formats.evaluation import Check, Comparison, Figure


def run_checks(
    metrics: dict[str, Figure], scale: Scale, champion: Comparison, rules: Rules
) -> tuple[Check, ...]:
    """Hold the figures against the settings, one check per condition."""
    return (
        _check_error(metrics["mean_absolute_error"], scale, rules),
        _check_baseline(metrics["error_reduction"], scale, rules),
        _check_reduction(metrics["error_reduction"], rules),
        *check_champion(champion, rules, scale.gap, scale.change),
    )


def _check_error(error: Figure, scale: Scale, rules: Rules) -> Check:
    if rules.max_mean_error == 0:
        return not_required("mean error", "evaluate.max_mean_error is 0")
    sentence = f"The mean absolute error of {scale.titled} is {shown(error, scale.gap)}"
    return at_most("mean error", error, rules.max_mean_error, sentence)


def _check_baseline(reduction: Figure, scale: Scale, rules: Rules) -> Check:
    if not rules.beat_chance:
        return not_required("baseline", "evaluate.beat_chance is false")
    low, high = reduction.low, reduction.high
    beaten = low is not None and low > 0
    does = "is" if beaten else "is not"
    measured = interval_text(reduction) if low is not None else f"({reduction.reason or 'none'})"
    return Check(
        name="baseline",
        outcome="passed" if beaten else "failed",
        required=0.0,
        received=low,
        certain=True if beaten else high is not None and high < 0,
        reason=f"The mean absolute error {does} beyond doubt below that of always answering "
        f"{scale.exact(scale.median)}, the median of the training images: it lies lower by a share "
        f"in the interval {measured}." + ("" if beaten else " Add images or train longer."),
    )


def _check_reduction(reduction: Figure, rules: Rules) -> Check:
    if rules.min_error_reduction == 0:
        return not_required("error reduction", "evaluate.min_error_reduction is 0")
    sentence = "The share by which the error lies below that of the training images' median"
    if reduction.value is None:
        return Check(
            name="error reduction",
            outcome="not judged",
            required=rules.min_error_reduction,
            received=None,
            certain=None,
            reason=f"{sentence} is not known: {reduction.reason}. Add test images.",
        )
    sentence = f"{sentence} is {shown(reduction)}"
    return at_least("error reduction", reduction, rules.min_error_reduction, sentence)
