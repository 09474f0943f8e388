"""Which metrics there are, and what a setting requires of figures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sightline.ground.errors import SettingsError, nearest
from sightline.ground.plugins.entry_points import plugin_of, plugins
from sightline.ground.plugins.metric import Metric

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
REQUIRED = re.compile(rf"\s*(\w+)\s*(>=|<=)\s*({NUMBER})\s*")


@dataclass(frozen=True, slots=True)
class Required:
    """A figure that must be reached."""

    name: str
    side: Literal[">=", "<="]
    number: float


def metric_of(name: str) -> Metric:
    """Return the metric of this name.

    Raises:
        SettingsError: no package brings it, or several do, or it cannot be imported.
    """
    plugin = plugin_of("metrics", name, ())
    if plugin is None:
        known = sorted(plugins("metrics"))
        there = f"a metric of an installed package ({', '.join(known)})" if known else ""
        guess = nearest(name, known)
        raise SettingsError(
            f"own_metrics: expected {there or 'names of metrics that packages bring'}; received "
            f"{name!r}{'' if known else ', and no installed package brings any'}. "
            + (f"Did you mean {guess}?" if guess else "Install the package that brings it.")
        )
    return plugin.build(Metric)  # type: ignore[type-abstract]  # its own is not


def package_of(name: str) -> str:
    """Name the package that brings a metric."""
    plugin = plugin_of("metrics", name, ())
    return plugin.package if plugin else ""


def required_of(text: str) -> Required:
    """Read what is required of a figure, such as `macro_f1 >= 0.8`.

    Raises:
        ValueError: it is nothing of that form.
    """
    found = REQUIRED.fullmatch(text)
    if found is None:
        raise ValueError(
            f"require: expected a figure, >= or <=, and a number, such as macro_f1 >= 0.8; "
            f"received {text!r}"
        )
    name, side, number = found.groups()
    return Required(name, "<=" if side == "<=" else ">=", float(number))


def check_metrics(names: Sequence[str], headline: str, require: Sequence[str]) -> None:
    """Refuse metrics that do not exist, and what asks of them what cannot be.

    Raises:
        ValueError: says which, and what to set.
    """
    try:
        metrics = {name: metric_of(name) for name in names}
    except SettingsError as error:
        raise ValueError(str(error).rstrip(".")) from error
    if headline and headline not in metrics:
        known = ", ".join(metrics) or "none is set"
        raise ValueError(
            f"headline {headline}: expected one of own_metrics ({known}). "
            f"Add {headline} to own_metrics, or leave headline empty for the kind's own"
        )
    for one in map(required_of, require):
        metric = metrics.get(one.name)
        if metric is not None and metric.higher_is_better != (one.side == ">="):
            better, side = ("higher", ">=") if metric.higher_is_better else ("lower", "<=")
            raise ValueError(
                f"require {one.name} {one.side} {one.number:g}: expected {side}, as {better} is "
                f"better in {one.name}. Write {one.name} {side} {one.number:g}"
            )
