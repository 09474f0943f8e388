"""What the rounds tell the training that counts: which head, which phases, how many epochs."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from components.train.folds.chosen import Chosen, Told
from components.train.settings import TrainSettings
from sightline.ground.wording import counted

if TYPE_CHECKING:
    from components.train.heads.best import HeadName

HEADS: "tuple[HeadName, ...]" = ("linear", "dense")
"""The plainer first."""


def choose(told: Sequence[Told], settings: TrainSettings) -> Chosen:
    """Return how to train on all images, where nothing is held out to tell when to stop.

    Of heads the one that most rounds took, of phases up to the one that most of them kept, of
    epochs their median; of equals the plainer.
    """
    phases = list(max(told, key=lambda one: len(one.epochs)).epochs)
    kept = _most([one.kept for one in told], phases)
    heads = [one.head for one in told if one.head]
    head = HEADS[_most(heads, HEADS)] if heads else settings.head
    # The first phase of a linear head has no epochs; a network without a backbone has no head.
    without = phases[:1] if heads and head == HEADS[0] else []
    epochs = {
        phase: 0
        if phase in without
        else _median([one.epochs[phase] for one in told if phase in one.epochs])
        for phase in phases[: kept + 1]
    }
    told_so = [f"{head} head in {heads.count(head)} of {len(heads)}"] if heads else []
    told_so += [
        f"{phases[number]} ended best after {counted(most, 'epoch')} at the median"
        for number, most in enumerate(epochs.values())
        if most
    ]
    if len(phases) > kept + 1:
        told_so.append(f"nothing after {phases[kept]} in most")
    rounds = counted(len(told), "round")
    return Chosen(epochs=epochs, head=head, reason=f"Of {rounds}: {'; '.join(told_so)}.")


def _most(names: Sequence[str], order: Sequence[str]) -> int:
    """Return the place of the most frequent name; of equals, the first."""
    counts = Counter(names)
    return max(range(len(order)), key=lambda place: (counts[order[place]], -place))


def _median(epochs: Sequence[int]) -> int:
    """Return the median of best epochs, rounded up, of rounds that had some."""
    return math.ceil(median([one for one in epochs if one] or [0]))
