"""Deploy or hold, with every reason."""

from collections.abc import Sequence

from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import shorten
from sightline.stage.formats.evaluation import Check, ClassFigures, Comparison, Decision, Figure

# Shares are quotients of whole numbers; 0.86 - 0.84 is 0.020000000000000018.
ROUNDING = 1e-9


def decide(checks: Sequence[Check]) -> Decision:
    """Return `hold` if any check failed, else `deploy`."""
    return "hold" if any(check.outcome == "failed" for check in checks) else "deploy"


def run_checks(
    *,
    metrics: dict[str, Figure],
    per_class: Sequence[ClassFigures],
    chance: float,
    champion: Comparison,
    settings: EvaluateSettings,
) -> tuple[Check, ...]:
    """Hold the figures against the settings, one check per condition."""
    return (
        _check_accuracy(metrics["accuracy"], settings),
        _check_chance(metrics["accuracy"], chance, settings),
        _check_recall(per_class, settings),
        _check_calibration(metrics["expected_calibration_error"], settings),
        _check_champion(champion, settings),
    )


def _check_accuracy(accuracy: Figure, settings: EvaluateSettings) -> Check:
    return _at_least(
        "accuracy", accuracy, settings.min_accuracy, f"Test accuracy is {_shown(accuracy)}"
    )


def _check_chance(accuracy: Figure, chance: float, settings: EvaluateSettings) -> Check:
    if not settings.beat_chance:
        return _not_required("chance", "evaluate.beat_chance is false")
    beaten = accuracy.low is not None and accuracy.low > chance
    relation = "lies above" if beaten else "does not lie above"
    return Check(
        name="chance",
        outcome="passed" if beaten else "failed",
        required=chance,
        received=accuracy.low,
        certain=True if beaten else (accuracy.high or 0.0) < chance,
        reason=f"The interval of accuracy {_interval(accuracy)} {relation} {chance:.3f}, the share "
        "of the most common class." + ("" if beaten else " Add images or train longer."),
    )


def _check_recall(per_class: Sequence[ClassFigures], settings: EvaluateSettings) -> Check:
    if settings.min_class_recall == 0:
        return _not_required("class recall", "evaluate.min_class_recall is 0")
    judged = [item for item in per_class if item.support >= settings.min_class_support]
    small = [item.name for item in per_class if item.support < settings.min_class_support]
    left_out = (
        f" Not judged, with fewer than {settings.min_class_support} test images: {shorten(small)}."
        if small
        else ""
    )
    if not judged:
        return Check(
            name="class recall",
            outcome="not judged",
            required=settings.min_class_recall,
            received=None,
            certain=None,
            reason=f"No class has enough test images.{left_out} Add images, or lower "
            "evaluate.min_class_support.",
        )
    worst = min(judged, key=lambda item: item.recall.value or 0.0)
    found = _at_least(
        "class recall",
        worst.recall,
        settings.min_class_recall,
        f"The lowest recall, of '{worst.name}' with {worst.support:,} images, is "
        f"{_shown(worst.recall)}",
    )
    return found.model_copy(update={"reason": found.reason + left_out})


def _check_calibration(error: Figure, settings: EvaluateSettings) -> Check:
    if settings.max_calibration_error == 1:
        return _not_required("calibration", "evaluate.max_calibration_error is 1")
    value, limit = error.value or 0.0, settings.max_calibration_error
    passed = value <= limit + ROUNDING
    low, high = error.low or 0.0, error.high or 1.0
    certain = high <= limit if passed else low > limit
    return Check(
        name="calibration",
        outcome="passed" if passed else "failed",
        required=limit,
        received=value,
        certain=certain,
        reason=f"The expected calibration error is {_shown(error)}, {limit:g} is allowed."
        + _doubt(certain),
    )


def _check_champion(champion: Comparison, settings: EvaluateSettings) -> Check:
    if champion.outcome in ("none", "same model"):
        return _not_required("champion", champion.detail.rstrip("."))
    value = champion.difference.value
    if champion.outcome == "failed" or value is None:
        return Check(
            name="champion",
            outcome="failed",
            required=0.0 - settings.max_accuracy_drop,
            received=None,
            certain=None,
            reason=f"{champion.detail} To deploy without a comparison, set evaluate.champion to "
            "nothing.",
        )
    passed = value >= -settings.max_accuracy_drop - ROUNDING
    certain = champion.verdict != "cannot tell"
    return Check(
        name="champion",
        outcome="passed" if passed else "failed",
        required=0.0 - settings.max_accuracy_drop,
        received=value,
        certain=certain,
        reason=f"On the same {champion.num_images:,} images accuracy differs from version "
        f"{champion.version} by {value:+.3f} {_interval(champion.difference)}; a drop of "
        f"{settings.max_accuracy_drop:g} is allowed." + _paired_doubt(champion),
    )


def _paired_doubt(champion: Comparison) -> str:
    if champion.verdict == "cannot tell":
        return " These images cannot tell which model is better."
    return f" The new model is {champion.verdict}, beyond chance."


def _at_least(name: str, figure: Figure, required: float, sentence: str) -> Check:
    value = figure.value or 0.0
    passed = value >= required - ROUNDING
    low, high = figure.low or 0.0, figure.high or 0.0
    certain = low >= required if passed else high < required
    return Check(
        name=name,
        outcome="passed" if passed else "failed",
        required=required,
        received=value,
        certain=certain,
        reason=f"{sentence}, {required:g} is required." + _doubt(certain),
    )


def _doubt(certain: bool) -> str:
    return "" if certain else " The interval reaches across the limit: more images would tell."


def _not_required(name: str, why: str) -> Check:
    return Check(
        name=name,
        outcome="passed",
        required=None,
        received=None,
        certain=None,
        reason=f"Nothing is required: {why[0].lower()}{why[1:]}.",
    )


def _shown(figure: Figure) -> str:
    return f"{figure.value:.3f} {_interval(figure)}"


def _interval(figure: Figure) -> str:
    return f"[{figure.low:.3f}, {figure.high:.3f}]"
