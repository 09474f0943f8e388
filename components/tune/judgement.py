"""What a search found: whether it beats train's own settings, and what to search next."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from components.train.settings import TrainSettings
from components.tune.space import Axis, Value
from sightline.problems._figures.intervals import standard_error

if TYPE_CHECKING:
    from components.tune.search import Done

EDGE_SHARE = 0.05
"""Of a range, at its ends: an optimum there may lie beyond."""
FLAT_TRIALS = 20
"""As many trials without a gain, and a third of all, say that more will not help."""
FLAT_SHARE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The best trial against train's own settings, on the same validation images."""

    gain: float
    """By how much the mean loss is lower."""
    noise: float
    """What the luckiest of as many trials would gain if all were alike."""
    num_images: int

    @property
    def holds(self) -> bool:
        """Whether the gain is more than luck."""
        return self.gain > self.noise


def compare(own: "np.ndarray[Any, Any]", best: "np.ndarray[Any, Any]", trials: int) -> Comparison:
    """Hold the losses of two trainings against each other, image by image.

    The lowest of n figures that differ by chance alone lies about sqrt(2 ln n) standard errors
    below their mean: so much is expected of searching and says nothing of the settings.
    """
    gains = np.asarray(own, float) - np.asarray(best, float)
    return Comparison(
        gain=float(gains.mean()),
        noise=standard_error(gains) * math.sqrt(2 * math.log(max(trials, 2))),
        num_images=len(gains),
    )


def at_edges(axes: Sequence[Axis], settings: dict[str, Value]) -> Iterator[tuple[Axis, str]]:
    """Yield the axes at whose `low` or `high` end a value lies, where they could be wider."""
    for axis in axes:
        ends = _ends(axis)
        value = settings[axis.setting]
        if ends is None or isinstance(value, str):
            continue
        place = _place(axis, ends, float(value))
        if place <= EDGE_SHARE and not _is_bound(axis, ends[0]):
            yield axis, "low"
        elif place >= 1 - EDGE_SHARE and not _is_bound(axis, ends[1]):
            yield axis, "high"


def is_flat(losses: Sequence[float]) -> bool:
    """Tell whether the last third of the trials, 20 at least, gained less than 1 %."""
    recent = max(FLAT_TRIALS, len(losses) // 3)
    if len(losses) < 2 * recent:
        return False
    before = min(losses[:-recent])
    return min(losses) > before * (1 - FLAT_SHARE)


def best_so_far(losses: Sequence[float]) -> list[float]:
    """Return the lowest loss after each trial."""
    return [float(value) for value in np.minimum.accumulate(np.asarray(losses, float))]


def best_of(done: "Sequence[Done]") -> "Done":
    """Return the complete trial with the lowest loss, the earliest of equal ones."""
    return min((one for one in done if one.complete), key=lambda one: (one.loss, one.number))


def _ends(axis: Axis) -> tuple[float, float] | None:
    if not axis.choices:
        return axis.low, axis.high
    numbers = [float(one) for one in axis.choices if not isinstance(one, str | bool)]
    return (min(numbers), max(numbers)) if len(numbers) == len(axis.choices) else None


def _place(axis: Axis, ends: tuple[float, float], value: float) -> float:
    low, high = ends
    if axis.log:
        return (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
    return (value - low) / (high - low)


def _is_bound(axis: Axis, end: float) -> bool:
    """Tell whether a setting can go no further."""
    bounds = [
        getattr(mark, name)
        for mark in TrainSettings.model_fields[axis.setting].metadata
        for name in ("ge", "le")
        if getattr(mark, name, None) is not None
    ]
    return end in bounds
