"""How far a measured number can be trusted: intervals."""

import math
from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist

import numpy as np

from sightline.stage.arrays import Floats
from sightline.stage.formats.evaluation import Figure

NUMBERS_AT_ONCE = 4_000_000
STABLE_DECIMALS = 12
"""Matrix products add in an order that threads decide, which moves the last digits."""

Measure = Callable[[Floats], Mapping[str, Floats]]
"""Makes numbers by name [samples] of weights [samples, images]: how often each image counts."""


def wilson(successes: int, trials: int, *, level: float, nothing: str = "no images") -> Figure:
    """Return a share with its score interval (Wilson, 1927), sound for few trials and near 0 or 1.

    No trials give no number, for the reason `nothing`.
    """
    if trials == 0:
        return Figure(value=None, reason=nothing)
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    margin = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)) ** 0.5
    scale = 1 + z * z / trials
    low, high = (centre - margin) / scale, (centre + margin) / scale
    # At 0 or all successes rounding would leave the share itself outside by 1e-17.
    return Figure(value=share, low=max(0.0, min(low, share)), high=min(1.0, max(high, share)))


def resampled(
    measure: Measure,
    num_images: int,
    *,
    level: float,
    samples: int,
    seed: int,
    decimals: int | None = STABLE_DECIMALS,
    undefined: str = "",
) -> dict[str, Figure]:
    """Return each number with the percentile interval of resamples of the images.

    Args:
        measure: what is measured.
        num_images: how many there are, at least one.
        level: of the intervals.
        samples: how often images are drawn.
        seed: of the draws.
        decimals: to which numbers are rounded; None where they may be of any size.
        undefined: why a number that is not finite is none.
    """

    def numbers(weights: Floats) -> dict[str, Floats]:
        found = measure(weights)
        return {
            name: one if decimals is None else one.round(decimals) for name, one in found.items()
        }

    whole = numbers(np.ones((1, num_images)))
    blocks = [
        numbers(weights) for weights in resample_weights(num_images, samples=samples, seed=seed)
    ]
    figures = {}
    for name, (value,) in whole.items():
        # A resample of few images may hold nothing to measure.
        drawn = np.concatenate([block[name] for block in blocks])
        drawn = drawn[np.isfinite(drawn)]
        figures[name] = (
            percentile(float(value), drawn, level=level)
            if np.isfinite(value)
            else Figure(value=None, reason=undefined)
        )
    return figures


def resample_weights(num_images: int, *, samples: int, seed: int) -> Iterator[Floats]:
    """Yield how often each image is drawn, [samples, images], in blocks of at most 32 MB.

    This is the ordinary bootstrap (Efron, 1979): a mean over a resample is a product with a row.
    """
    random = np.random.default_rng(seed)
    block = max(1, NUMBERS_AT_ONCE // max(num_images, 1))
    for start in range(0, samples, block):
        yield _draw(random, min(block, samples - start), num_images)


def _draw(random: np.random.Generator, rows: int, num_images: int) -> Floats:
    drawn = random.integers(0, num_images, size=(rows, num_images))
    drawn += np.arange(rows)[:, np.newaxis] * num_images
    counts = np.bincount(drawn.ravel(), minlength=rows * num_images)
    return counts.reshape(rows, num_images).astype(np.float64)


def percentile(value: float, resampled: Floats, *, level: float) -> Figure:
    """Return a number with the percentile interval of its resamples, if there are any."""
    if not resampled.size:
        return Figure(value=value)
    low, high = np.quantile(resampled, [0.5 - level / 2, 0.5 + level / 2])
    return Figure(value=value, low=float(low), high=float(high))


def standard_error(gains: Floats) -> float:
    """Return that of the mean of paired gains [n]; infinite below two, which tell nothing of it."""
    if len(gains) < 2:
        return math.inf
    return float(gains.std(ddof=1)) / math.sqrt(len(gains))
