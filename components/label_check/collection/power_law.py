"""What twice as many images would bring, by a power law through a measured learning curve.

Errors fall as a + b n^-c (Hestness et al., 2017, "Deep Learning Scaling is Predictable,
Empirically", arXiv 1712.00409), with none of the three below zero.
"""

from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]

EXPONENTS = np.linspace(0.1, 1.0, 10)


def errors_at(sizes: Floats, errors: Floats, wanted: float) -> Floats:
    """Return the error at another size, by the law that fits best [curves].

    Args:
        sizes: numbers of images [k].
        errors: their errors, one curve a row [curves, k].
        wanted: the number of images asked for.
    """
    best = np.full(len(errors), np.inf)
    found = np.zeros(len(errors))
    for exponent in EXPONENTS:
        falling = sizes**-exponent
        floor, slope = _fit(falling, errors)
        left = floor[:, np.newaxis] + slope[:, np.newaxis] * falling - errors
        missed = (left**2).sum(axis=1)
        better = missed < best
        best = np.where(better, missed, best)
        found = np.where(better, floor + slope * wanted**-exponent, found)
    return found


def _fit(falling: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Return floor and slope of the straight line through each curve, neither below zero."""
    middle, heights = falling.mean(), errors.mean(axis=1)
    spread = ((falling - middle) ** 2).sum()
    slope = np.maximum((errors - heights[:, np.newaxis]) @ (falling - middle) / spread, 0)
    floor = heights - slope * middle
    through_zero = np.maximum(errors @ falling / (falling**2).sum(), 0)
    return np.maximum(floor, 0), np.where(floor < 0, through_zero, slope)
