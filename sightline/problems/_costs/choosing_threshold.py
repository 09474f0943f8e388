"""The threshold that costs least on images held out."""

from dataclasses import dataclass

import numpy as np

from sightline.ground.wording import counted
from sightline.problems._costs.costs import Costs
from sightline.problems._figures.held_out import FEWEST_IMAGES, Gain, fifths
from sightline.stage.arrays import Booleans, Floats

FEWEST_OF_EITHER = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """What a yes and a no cost each image [n]."""

    yes: Floats
    no: Floats

    @classmethod
    def of(cls, truth: Booleans, costs: Costs) -> "Stakes":
        """Return those of names that are true or not."""
        return cls(yes=np.where(truth, 0.0, costs.false_alarm), no=np.where(truth, costs.miss, 0.0))

    def of_rows(self, rows: Booleans) -> "Stakes":
        """Return those of some images."""
        return Stakes(yes=self.yes[rows], no=self.no[rows])

    def paid(self, given: Booleans) -> Floats:
        """Return what each decision costs [n]."""
        return np.where(given, self.yes, self.no)

    @property
    def fewest(self) -> int:
        """The images for which yes is right, or no, whichever are fewer."""
        right = int((self.yes < self.no).sum())
        return min(right, int((self.no < self.yes).sum()))


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
    return choose_of(
        Stakes.of(truth, costs),
        chances,
        usual,
        said=f"a name pays from {usual:.3g} on where probabilities are right",
        few=f"of {counted(num_images, 'validation image')} {num_true:,} have it, too few to tell "
        f"another one (from {FEWEST_IMAGES} on, {FEWEST_OF_EITHER} of them with and "
        f"{FEWEST_OF_EITHER} without it)",
        seed=seed,
    )


def choose_of(
    stakes: Stakes, scores: Floats, usual: float, *, said: str, few: str, seed: int
) -> Threshold:
    """Return the threshold of scores [n], 1 at most, that costs least, or the usual one, as above.

    `said` tells the usual one, and `few` that images are too few for another.
    """
    num_images = len(scores)
    if num_images < FEWEST_IMAGES or stakes.fewest < FEWEST_OF_EITHER:
        return _exact(usual, f"{said}; {few}.")
    held_out = np.zeros(num_images)
    for asked in fifths(num_images, seed=seed):
        own = _cheapest(stakes.of_rows(~asked), scores[~asked], usual)
        held_out[asked] = stakes.of_rows(asked).paid(scores[asked] >= own)
    gain = Gain.of(stakes.paid(scores >= usual) - held_out)
    told = f"saves {gain.mean:.4f} an image, standard error {gain.doubt:.4f}"
    if gain.is_chance:
        return _exact(usual, f"{said}; the cheapest on validation images {told}: only chance.")
    found = _cheapest(stakes, scores, usual)
    return _exact(found, f"{said}, and this one {told}, on validation images without part in it.")


def each_cost(truth: Booleans, given: Booleans, costs: Costs) -> Floats:
    """Return what each decision costs, in the shape of both."""
    return np.asarray((truth & ~given) * costs.miss + (given & ~truth) * costs.false_alarm)


def _cheapest(stakes: Stakes, scores: Floats, usual: float) -> float:
    """Return a threshold between two neighbouring scores, which no rounding crosses."""
    if not stakes.fewest:
        return usual
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.diff(falling) != 0, True)
    changed = np.cumsum((stakes.yes - stakes.no)[order])[last]
    total = stakes.no.sum() + np.append(0.0, changed)
    reached = falling[last]
    reached = np.append(1.0, reached)
    below = reached[-1] / 2 if reached[-1] > 0 else reached[-1] - 1
    between = np.append((reached[:-1] + reached[1:]) / 2, below)
    # In single precision nothing may lie between neighbours, nor between 1 and the highest.
    parts = np.append(between[:-1].astype(np.float32) > reached[1:], True)
    total, between = total[parts], between[parts]
    cheapest = np.flatnonzero(total <= total.min() + 1e-9)
    nearest = np.abs(between[cheapest] - usual).argmin()
    return float(between[cheapest[nearest]])


def _exact(value: float, reason: str) -> Threshold:
    # In single precision, as graphs compare: every form of the model then decides alike.
    return Threshold(value=float(np.float32(value)), reason=f"{reason[0].upper()}{reason[1:]}")
