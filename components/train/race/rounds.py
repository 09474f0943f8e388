"""Rounds of the race: each on more images, until one backbone is ahead of all others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sightline.problems._figures.intervals import wilson
from sightline.problems._gate.paired import PairedResult, paired
from sightline.stage.features.quick_model import probabilities_of
from sightline.stage.folds import NUM_FOLDS, apart, folds_of
from sightline.stage.threads import one_thread

ROUNDS = (250, 500, 1000, 2000)
"""Images of each round; the last one may have all that there are."""
LEVEL = 0.99
"""Of the comparison that ends a backbone's race: there are several rounds and rivals."""
SAMPLES = 2000

Vectors = np.ndarray[Any, Any]
FeaturesOf = Callable[[str, int], Vectors | None]
"""Gives the features of a backbone of the first images; None where the time is over."""


class Withdrawn(Exception):
    """A backbone cannot take part; the text says why."""


@dataclass(frozen=True, slots=True)
class Raced:
    """What is known of the images of a race, in the order of their features."""

    labels: Vectors
    """The class of each, int [n]."""
    groups: Vectors
    """What no two folds may share [n]."""


@dataclass
class Runner:
    """A backbone in the race."""

    name: str
    right: np.ndarray[Any, Any] = field(default_factory=lambda: np.zeros(0, bool))
    """Where the quick head was right about images that it had not seen."""
    out: str = ""
    """Why it left the race; empty while it is in it."""

    @property
    def accuracy(self) -> float:
        """Share of images that were right in its last round."""
        return float(self.right.mean()) if len(self.right) else 0.0


def race(
    names: Sequence[str], raced: Raced, features: FeaturesOf, *, seed: int
) -> tuple[list[Runner], str]:
    """Let backbones race on training images; return them and why the race ended.

    Args:
        names: the backbones, in the order in which a tie is decided.
        raced: what is known of the images.
        features: see FeaturesOf.
        seed: of the folds and of the comparisons.
    """
    runners = [Runner(name) for name in names]
    for size in _sizes(len(raced.labels)):
        for runner in _in(runners):
            try:
                found = features(runner.name, size)
            except Withdrawn as reason:
                runner.out, runner.right = str(reason), runner.right[:0]
                continue
            if found is None:
                return runners, f"the time was over before the round of {size:,} images"
            runner.right = right_of(found, raced, seed=seed)
        if not _in(runners):
            return runners, "no backbone could take part"
        _leave(runners, seed)
        if len(_in(runners)) == 1:
            return runners, f"one was ahead of all others after {size:,} images"
    return runners, f"all images of the race were seen ({_sizes(len(raced.labels))[-1]:,})"


def leader_of(runners: Sequence[Runner]) -> Runner:
    """Return the best; of equal ones, the first."""
    still = _in(runners)
    # Where the time was over within a round, all are judged by what all have seen.
    seen = [len(one.right) for one in still if len(one.right)]
    count = min(seen, default=0)
    return max(still, key=lambda one: (len(one.right) > 0, one.right[:count].sum()))


def compared(one: Runner, leader: Runner, *, seed: int) -> PairedResult:
    """Compare a backbone with the leader on the images that both saw."""
    count = min(len(one.right), len(leader.right))
    return paired(one.right[:count], leader.right[:count], level=LEVEL, samples=SAMPLES, seed=seed)


def accuracy_text(one: Runner) -> str:
    """Say a backbone's accuracy with its interval."""
    if not len(one.right):
        return "not measured"
    figure = wilson(int(one.right.sum()), len(one.right), level=0.95)
    return f"{one.accuracy:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def right_of(features: Vectors, raced: Raced, *, seed: int) -> np.ndarray[Any, Any]:
    """Tell for each image whether a quick head that saw none of its group is right about it."""
    from sklearn.preprocessing import StandardScaler

    labels, groups = (one[: len(features)] for one in (raced.labels, raced.groups))
    right = np.zeros(len(labels), bool)
    folds = folds_of(labels, apart(groups), NUM_FOLDS, seed)
    with one_thread():
        for fold in np.unique(folds):
            asked = folds == fold
            scaled = StandardScaler().fit(features[~asked]).transform
            answers = probabilities_of(
                scaled(features[~asked]), labels[~asked], scaled(features[asked]), labels.max() + 1
            )
            right[asked] = answers.argmax(axis=1) == labels[asked]
    return right


def _sizes(count: int) -> list[int]:
    """Return the images of each round; a last round with few more is spared."""
    most = min(count, ROUNDS[-1])
    return [*(size for size in ROUNDS if size < 0.8 * most), most]


def _in(runners: Sequence[Runner]) -> list[Runner]:
    return [one for one in runners if not one.out]


def _leave(runners: Sequence[Runner], seed: int) -> None:
    leader = leader_of(runners)
    for one in _in(runners):
        if one is leader:
            continue
        found = compared(one, leader, seed=seed)
        if found.verdict == "worse":
            one.out = (
                f"behind {leader.name} by {-(found.difference.value or 0):.3f} "
                f"({-(found.difference.high or 0):.3f} to {-(found.difference.low or 0):.3f})"
            )
