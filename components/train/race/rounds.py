"""Rounds of the race: each on more images, until one backbone is ahead of all others."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sightline.problems._figures.intervals import PairedResult, paired, wilson

ROUNDS = (250, 500, 1000, 2000)
"""Images of each round; the last one may have all that there are."""
LEVEL = 0.99
"""Of the comparison that ends a backbone's race: there are several rounds and rivals."""
SAMPLES = 2000
FOLDS = 5
STRENGTH = 0.003
"""C of the quick head. On 1,000 photos of flowers it was the best of 0.0003, 0.003 and 0.03."""

Vectors = np.ndarray[Any, Any]
FeaturesOf = Callable[[str, int], Vectors | None]
"""Gives the features of a backbone of the first images; None where the time is over."""


class Withdrawn(Exception):
    """A backbone cannot take part; the text says why."""


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
    names: Sequence[str], labels: Vectors, features: FeaturesOf, *, seed: int
) -> tuple[list[Runner], str]:
    """Let backbones race on training images; return them and why the race ended.

    Args:
        names: the backbones, in the order in which a tie is decided.
        labels: the class of each image, int [n], in the order of the features.
        features: see FeaturesOf.
        seed: of the folds and of the comparisons.
    """
    runners = [Runner(name) for name in names]
    for size in _sizes(len(labels)):
        for runner in _in(runners):
            try:
                found = features(runner.name, size)
            except Withdrawn as reason:
                runner.out, runner.right = str(reason), runner.right[:0]
                continue
            if found is None:
                return runners, f"the time was over before the round of {size:,} images"
            runner.right = right_of(found, labels[:size], seed=seed)
        if not _in(runners):
            return runners, "no backbone could take part"
        _leave(runners, seed)
        if len(_in(runners)) == 1:
            return runners, f"one was ahead of all others after {size:,} images"
    return runners, f"all images of the race were seen ({_sizes(len(labels))[-1]:,})"


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


def right_of(features: Vectors, labels: Vectors, *, seed: int) -> np.ndarray[Any, Any]:
    """Tell for each image whether a quick head that did not see it is right about it."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    right = np.zeros(len(labels), bool)
    for learned, asked in _folds(labels, seed):
        head = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=200))
        if len(np.unique(labels[learned])) < 2:
            right[asked] = labels[asked] == labels[learned][0]
            continue
        with warnings.catch_warnings():
            # Quick is enough: all backbones are judged alike.
            warnings.simplefilter("ignore", ConvergenceWarning)
            head.fit(features[learned], labels[learned])
        right[asked] = head.predict(features[asked]) == labels[asked]
    return right


def _folds(labels: Vectors, seed: int) -> Iterator[tuple[Vectors, Vectors]]:
    """Deal out each class in turn, so that folds are alike however rare a class is."""
    order = np.random.default_rng(seed).permutation(len(labels))
    dealt = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), np.int64)
    fold[dealt] = np.arange(len(labels)) % FOLDS
    for number in range(FOLDS):
        if (fold == number).any():
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


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
