"""What wrong answers cost, and the threshold that costs least on images held out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sightline.ground.wording import counted
from sightline.problems._figures.held_out import FEWEST_IMAGES, Gain, fifths
from sightline.stage.formats.evaluation import Booleans, Floats

FEWEST_OF_EITHER = 10
COSTS = "costs"
"""What `about` calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a person says about wrong answers, each in the same unit."""

    miss: float = 1.0
    """A name that is true and not given."""
    false_alarm: float = 1.0
    """A name that is given and not true."""
    rejection: float = 0.0
    """An image that the model leaves to a person, as a share of a wrong answer; 0 is never."""

    @property
    def break_even(self) -> float:
        """From which probability on a name costs less than none, if probabilities are right.

        This is the threshold of decision theory (Elkan, 2001).
        """
        return self.false_alarm / (self.false_alarm + self.miss)

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "Costs | None":
        """Read what `about` says; None where nothing was asked."""
        return cls(**about[COSTS]) if COSTS in about else None

    def document(self) -> dict[str, float]:
        """Return what `about` holds."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From which probability on a name is given, and why."""

    value: float
    reason: str


def choose_threshold(truth: Booleans, chances: Floats, costs: Costs, *, seed: int) -> Threshold:
    """Return the threshold that costs least on images held out, or decision theory's.

    The first is taken only where it saves more than chance would on images that had no part in it
    (each fifth by the threshold of the others): few images overfit a threshold easily.

    truth, chances: whether an image has the name, and how sure the model is of it [n].
    """
    usual = costs.break_even
    num_images, num_true = len(truth), int(truth.sum())
    said = f"a name pays from {usual:.3g} on where probabilities are right"
    if num_images < FEWEST_IMAGES or min(num_true, num_images - num_true) < FEWEST_OF_EITHER:
        return _exact(
            usual,
            f"{said}; of {counted(num_images, 'validation image')} {num_true:,} have it, too few "
            f"to tell another one (from {FEWEST_IMAGES} on, {FEWEST_OF_EITHER} of them with and "
            f"{FEWEST_OF_EITHER} without it).",
        )
    held_out = np.zeros(num_images)
    for asked in fifths(num_images, seed=seed):
        own = _cheapest(truth[~asked], chances[~asked], costs)
        held_out[asked] = each_cost(truth[asked], chances[asked] >= own, costs)
    gain = Gain.of(each_cost(truth, chances >= usual, costs) - held_out)
    told = f"saves {gain.mean:.4f} an image, standard error {gain.doubt:.4f}"
    if gain.is_chance:
        return _exact(usual, f"{said}; the cheapest on validation images {told}: only chance.")
    found = _cheapest(truth, chances, costs)
    return _exact(found, f"{said}, and this one {told}, on validation images without part in it.")


def each_cost(truth: Booleans, given: Booleans, costs: Costs) -> Floats:
    """Return what each decision costs, in the shape of both."""
    return np.asarray((truth & ~given) * costs.miss + (given & ~truth) * costs.false_alarm)


def _cheapest(truth: Booleans, chances: Floats, costs: Costs) -> float:
    """Return a threshold between two neighbouring probabilities, which no rounding crosses."""
    # scikit-learn counts at every probability that occurs, the highest first.
    from sklearn.metrics import confusion_matrix_at_thresholds

    if truth.all() or not truth.any():
        return costs.break_even
    _, false_alarms, misses, _, reached = confusion_matrix_at_thresholds(truth, chances)
    total = misses * costs.miss + false_alarms * costs.false_alarm
    nothing = truth.sum() * costs.miss
    total, reached = np.append(nothing, total), np.append(1.0, reached)
    between = np.append((reached[:-1] + reached[1:]) / 2, reached[-1] / 2)
    # In single precision nothing may lie between neighbours, nor between 1 and the highest.
    parts = np.append(between[:-1].astype(np.float32) > reached[1:], True)
    total, between = total[parts], between[parts]
    cheapest = np.flatnonzero(total <= total.min() + 1e-9)
    nearest = np.abs(between[cheapest] - costs.break_even).argmin()
    return float(between[cheapest[nearest]])


def _exact(value: float, reason: str) -> Threshold:
    # In single precision, as graphs compare: every form of the model then decides alike.
    return Threshold(value=float(np.float32(value)), reason=f"{reason[0].upper()}{reason[1:]}")
