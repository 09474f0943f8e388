"""What one model gains over another, image by image, and the rule that judges it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sightline.problems._gate.paired import (
    counts_of,
    ends_of_mean,
    holm,
    mcnemar,
    mean_where,
    worse_by_chance,
)
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Verdict

EQUAL_HELD = 0.1
"""An equal model may be taken for worse so often."""
WORSE_PROMOTED = 0.05
"""A model that is worse by the margin should pass no more often."""
QUESTIONS = 3
"""Headline figure, log loss, parts: each of them may err on as many equal models."""
CHANCE = EQUAL_HELD / QUESTIONS
LEVEL = 1 - 2 * CHANCE
"""Of the intervals: as much lies beyond either end as one question may err."""
FEWEST = math.ceil(math.log2(1 / CHANCE))
"""Of fewer images that differ, all speak for one of two equal models more often than that."""
NOISE = 0.001
"""In units: the same model, computed in two ways, differs by less, and always to one side."""
VERDICTS: tuple[Verdict, ...] = ("worse", "cannot tell", "better")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """By how much the first model is better in a figure, image by image."""

    values: Floats
    """In units [n], or of many pairs of models [n, pairs]; their mean is the whole gain."""
    counted: bool = False
    """Whether they are -1, 0 and 1: right where the other is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGains:
    """The same on a class, slice or range."""

    name: str
    held: Booleans
    """Which images belong to it, shaped as `values`."""
    values: Floats
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What makes one of two models the worse one."""

    margin: float
    part_margin: float
    samples: int
    seed: int

    def verdict(self, gains: Gains, ends: tuple[Floats, Floats] | None = None) -> Integers:
        """Tell worse, equal and better apart: -1, 0 and 1, of each pair of models.

        Worse is below by more than half the margin and beyond chance: nearer to worse by the
        margin than to equal. Beyond chance is what the bootstrap's interval and, where right
        answers are counted, McNemar's exact test agree on; no single image may tip it, and fewer
        than five tell nothing.

        `ends` are those of the interval: of a figure that is no mean over images, such as F1, its
        own; those of the mean of what each image adds to it where they are left out.
        """
        low, high = ends or self.ends(gains.values)
        sure = (
            mcnemar(*counts_of(gains.values)) <= 2 * CHANCE
            if gains.counted
            else np.count_nonzero(gains.values, axis=0) >= FEWEST
        )
        without_lowest, without_highest = _without_one(gains.values)
        worse = sure & (high < 0) & (without_lowest < -self.margin / 2)
        better = sure & (low > 0) & (without_highest > NOISE)
        return np.asarray(better, np.int64) - np.asarray(worse, np.int64)

    def ends(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the interval of the mean gain, of each pair of models."""
        return ends_of_mean(values, chance=CHANCE, samples=self.samples, seed=self.seed)

    def worse(self, headline: Gains, losses: Floats | None, parts: Iterable[PartGains]) -> Booleans:
        """Tell which of many pairs' first models are worse, as a whole or on a part [pairs].

        Args:
            headline: gains in the headline figure.
            losses: those in the loss of the probabilities, if there are any.
            parts: classes, slices and ranges, looked at one after the other: each may be large.
        """
        together_drawn = [headline.values] if losses is None else [headline.values, losses]
        low, high = self.ends(np.concatenate(together_drawn, axis=1))
        pairs = headline.values.shape[1]
        signs = self.verdict(headline, (low[:pairs], high[:pairs]))
        if losses is not None:
            signs = together(signs, self.verdict(Gains(values=losses), (low[pairs:], high[pairs:])))
        return np.asarray((signs == -1) | self.worse_parts(parts)[2].any(axis=0))

    def worse_parts(self, parts: Iterable[PartGains]) -> tuple[Floats, Floats, Booleans]:
        """Return change, p corrected for how many there are, and whether worse [parts, ...]."""
        judged = [
            (
                mean_where(part.values, part.held),
                worse_by_chance(part.values, part.held, counted=part.counted),
            )
            for part in parts
        ]
        changes = np.array([change for change, _ in judged])
        p_values = holm(np.array([p_value for _, p_value in judged]))
        return changes, p_values, (changes < -self.part_margin) & (p_values <= CHANCE)


def _without_one(values: Floats) -> tuple[Floats, Floats]:
    """Return the mean without the lowest image, and without the highest, of each pair."""
    total, others = values.sum(axis=0), max(len(values) - 1, 1)
    return (total - values.min(axis=0)) / others, (total - values.max(axis=0)) / others


def together(headline: Integers, losses: Integers) -> Integers:
    """Return what the headline figure and the log loss say together.

    Where the headline figure is better and the log loss worse, they contradict each other and
    nothing is told; else the one that tells decides, the headline figure first.
    """
    return np.where((headline == 1) & (losses == -1), 0, np.where(headline == 0, losses, headline))


def word_of(sign: Integers | int) -> Verdict:
    """Return the word for -1, 0 or 1."""
    return VERDICTS[int(sign) + 1]
