"""Two models on the same images: paired tests, and what they say of which is better."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sightline.problems._figures.intervals import STABLE_DECIMALS, percentile, resample_weights
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Figure, Verdict

Counts = int | Integers


@dataclass(frozen=True, slots=True)
class PairedResult:
    """Two models on the same images."""

    difference: Figure
    """Share that the first gets right minus share that the second does."""
    only_first: int
    only_second: int
    p_value: float
    verdict: Verdict
    """`better` or `worse` only if the interval excludes 0 and the exact test agrees."""


def paired(
    first: Booleans, second: Booleans, *, level: float, samples: int, seed: int
) -> PairedResult:
    """Compare two models by which of the same images they get right.

    Only images on which they disagree carry information: McNemar's exact test (1947) on these, and
    the bootstrap of the difference, which depends on their counts alone.

    `first` and `second` say where each model is right [n].
    """
    total = len(first)
    only_first = int(np.sum(first & ~second))
    only_second = int(np.sum(~first & second))
    counts = np.array([only_first, only_second, total - only_first - only_second]) / total
    drawn = np.random.default_rng(seed).multinomial(total, counts, size=samples)
    difference = percentile(
        (only_first - only_second) / total, (drawn[:, 0] - drawn[:, 1]) / total, level=level
    )
    p_value = float(mcnemar(only_first, only_second))
    verdict = verdict_of(difference) if p_value < 1 - level else "cannot tell"
    return PairedResult(difference, only_first, only_second, p_value, verdict)


def verdict_of(difference: Figure) -> Verdict:
    """Tell from the interval of first minus second which of two is better."""
    above, below = (difference.low or 0) > 0, (difference.high or 0) < 0
    if not above and not below:
        return "cannot tell"
    return "better" if above else "worse"


def mcnemar(only_first: Counts, only_second: Counts) -> Floats:
    """Return the two-sided p of McNemar's exact test.

    Args:
        only_first: images that only the first model gets right, of one pair or of many.
        only_second: those that only the second does.
    """
    from scipy.stats import binom

    fewer = np.minimum(only_first, only_second)
    return np.asarray(np.minimum(1.0, 2 * binom.cdf(fewer, only_first + only_second, 0.5)))


def counts_of(gains: Floats) -> tuple[Integers, Integers]:
    """Return how many images only the first gets right, and only the second, of gains -1, 0, 1."""
    first, second = ((gains == one).sum(axis=0, dtype=np.int64) for one in (1, -1))
    return first, second


def worse_by_chance(gains: Floats, held: Booleans, *, counted: bool) -> Floats:
    """Return the one-sided p of the first model being worse on some images by chance.

    The exact binomial test where gains are -1, 0 and 1, else the paired t test.

    Args:
        gains: of the first model [n], or of many pairs [n, pairs].
        held: the images that are meant, alike.
        counted: whether gains are -1, 0 and 1.
    """
    from scipy.stats import binom, t

    number = held.sum(axis=0)
    if counted:
        first, second = counts_of(np.where(held, gains, 0.0))
        return np.asarray(binom.sf(second - 1, first + second, 0.5))
    centre = mean_where(gains, held)
    squares = np.where(held, np.square(gains - centre), 0.0).sum(axis=0)
    # Two models that differ nowhere, or everywhere by as much, leave no spread to divide by.
    spread = np.sqrt(squares / np.maximum(number - 1, 1) / np.maximum(number, 1))
    flat = spread <= 10.0**-STABLE_DECIMALS
    found = t.cdf(centre / np.where(flat, 1.0, spread), np.maximum(number - 1, 1))
    # The sign test: by chance all lie below as often as so many coins fall alike.
    alike = np.where(centre < 0, 0.5**number, 1.0)
    return np.asarray(np.where(flat | (number < 2), alike, found))


def mean_where(gains: Floats, held: Booleans) -> Floats:
    """Return the mean of the gains of some images [n], of each pair where there are many."""
    total = np.where(held, gains, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(held.sum(axis=0), 1))


def holm(p_values: Floats) -> Floats:
    """Correct p values for how many there are, along the first axis (Holm, 1979)."""
    order = np.argsort(p_values, axis=0, kind="stable")
    ranked = np.take_along_axis(p_values, order, axis=0)
    count = len(p_values)
    factors = np.arange(count, 0, -1).reshape(-1, *[1] * (p_values.ndim - 1))
    corrected = np.minimum(1.0, np.maximum.accumulate(ranked * factors, axis=0))
    found = np.empty_like(corrected)
    np.put_along_axis(found, order, corrected, axis=0)
    return found


def ends_of_mean(gains: Floats, *, chance: float, samples: int, seed: int) -> tuple[Any, Any]:
    """Return the ends that the bootstrap gives a mean over images, `chance` beyond either.

    Args:
        gains: of one pair of models [n], or of many [n, pairs].
        chance: share of the resamples beyond either end.
        samples: resamples of the images.
        seed: of the draws.
    """
    number = len(gains)
    drawn = [
        (weights @ gains / number).round(STABLE_DECIMALS)
        for weights in resample_weights(number, samples=samples, seed=seed)
    ]
    low, high = np.quantile(np.concatenate(drawn), [chance, 1 - chance], axis=0)
    return low, high
