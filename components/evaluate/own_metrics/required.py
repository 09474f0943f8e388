"""What settings require of figures, as rules of the decision."""

from collections.abc import Iterable, Mapping

from components.evaluate.own_metrics.names import Required, required_of
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import SettingsError, nearest, shorten
from sightline.problems.conditions import at_least, at_most, decide, shown
from sightline.stage.formats.evaluation import Check, EvaluationInfo, Figure

AFTER = ("champion", "parts")
"""Rules that stand behind those about the model alone."""


def with_required(info: EvaluationInfo, settings: EvaluateSettings) -> EvaluationInfo:
    """Hold figures against what is required of them, and decide anew.

    Raises:
        SettingsError: there is no such figure.
    """
    wanted = [required_of(text) for text in settings.require]
    if settings.headline and info.metrics[settings.headline].value is None:
        found = [_unmeasured(settings.headline, info.metrics[settings.headline], None)]
    else:
        found = []
    found += [_check(one, info.metrics) for one in wanted]
    if not found:
        return info
    checks = _in_order(info.checks, found)
    return info.model_copy(update={"checks": checks, "decision": decide(checks)})


def _in_order(checks: Iterable[Check], found: Iterable[Check]) -> tuple[Check, ...]:
    front = [one for one in checks if one.name not in AFTER]
    back = [one for one in checks if one.name in AFTER]
    return (*front, *found, *back)


def _check(one: Required, metrics: Mapping[str, Figure]) -> Check:
    if one.name not in metrics:
        guess = nearest(one.name, metrics)
        raise SettingsError(
            f"evaluate.require: expected a figure of this evaluation; received {one.name}. "
            + (f"Did you mean {guess}?" if guess else f"There are {shorten(sorted(metrics), 40)}.")
            # Which figures there are is known once the kind of problem has judged.
            + " Correct it and start a new run, which reuses what this one did: a resumed run "
            "keeps its settings."
        )
    figure = metrics[one.name]
    if figure.value is None:
        return _unmeasured(one.name, figure, one.number)
    sentence = f"{one.name} is {shown(figure)}"
    hold = at_least if one.side == ">=" else at_most
    return hold(one.name, figure, one.number, sentence)


def _unmeasured(name: str, figure: Figure, required: float | None) -> Check:
    return Check(
        name=name,
        outcome="failed",
        required=required,
        received=None,
        certain=None,
        reason=f"{name} could not be measured: {figure.reason}. Correct what measures it, or leave "
        "it out of evaluate.require and evaluate.headline.",
    )
