"""How far each image lies from the others, by the data's own distances.

Features are centred and whitened on their 16 strongest directions: raw ones of different photos
are nearly parallel, and the weak directions are noise. The distance to the neighbour at 3 % of the
images sees a group of strangers, which are near each other, as well as a single one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]
Counts = np.ndarray[Any, np.dtype[np.int64]]
FeaturesOf = Callable[[Sequence[int]], Floats]
"""Rows of the dataset -> float32 [rows, d]."""

NUM_DIRECTIONS, MOST_DIRECTIONS = 16, 64
WEAKEST = 1e-6
"""Of the variance of the strongest direction."""
MOST_FITTED = 10_000
MOST_COMPARED = 4_000
MOST_COMPARED_OF_CLASS = 400
IMAGES_AT_ONCE = 1_000
NEIGHBOUR = 0.03
NEIGHBOUR_OF_CLASS = 0.5
Z_OF_90_PERCENT = 1.2816


@dataclass(frozen=True, slots=True)
class Remoteness:
    """How far images lie from others [n], in standard deviations of the logarithm."""

    of_all: Floats
    of_class: Floats
    """From images of its own class; infinite for a class of one."""
    times_usual: Floats
    """Distance over the median distance."""


@dataclass(frozen=True, slots=True)
class Whitening:
    """The directions in which the images of a dataset differ most, to be fitted once."""

    mean: Floats
    scaled: Floats
    """Of each direction, so that the variance along it is 1, the strongest first [d, at most 64]"""

    def points(self, features: FeaturesOf, rows: Sequence[int], most: int) -> Floats:
        """Return the images of rows on the strongest directions [rows, at most `most`]."""
        scaled = self.scaled[:, :most]
        parts = [(features(part) - self.mean) @ scaled for part in _parts(rows)]
        return np.concatenate(parts).astype(np.float32)


def remoteness(
    features: FeaturesOf, rows: Sequence[int], classes: Counts, known: Whitening | None = None
) -> Remoteness:
    """Measure the images of `rows`; their order decides which of many are compared with.

    `classes` [n] are their classes. Time grows with the number of images alone: each is compared
    with at most 4,000 of all and 400 of its class. `known` is the whitening of the dataset, where
    another check has fitted it.
    """
    points = (known or whitening(features, rows)).points(features, rows, NUM_DIRECTIONS)
    near = distances(points, most=MOST_COMPARED, share=NEIGHBOUR)
    own = np.full(len(points), np.inf)
    for name in np.unique(classes):
        members = np.flatnonzero(classes == name)
        if len(members) > 1:
            own[members] = distances(
                points[members], most=MOST_COMPARED_OF_CLASS, share=NEIGHBOUR_OF_CLASS
            )
    return Remoteness(
        of_all=standardised(near),
        of_class=standardised(own),
        times_usual=near / max(float(np.median(near)), 1e-12),
    )


def whitening(features: FeaturesOf, rows: Sequence[int]) -> Whitening:
    """Fit the directions to the first 10,000 of `rows`."""
    fitted = np.asarray(features(rows[:MOST_FITTED]), np.float64)
    mean = fitted.mean(axis=0)
    fitted -= mean
    variances, directions = np.linalg.eigh(fitted.T @ fitted / len(fitted))
    order = np.argsort(-variances)[:MOST_DIRECTIONS]
    order = order[variances[order] > max(WEAKEST * variances.max(), 1e-12)]
    return Whitening(mean, directions[:, order] / np.sqrt(variances[order]))


def distances(points: Floats, *, most: int, share: float) -> Floats:
    """Return the distance of each point to its neighbour at a share of the first `most` points."""
    compared = points[:most]
    place = max(1, round(share * (len(compared) - 1)))
    squares = (compared**2).sum(axis=1)
    found = []
    for start in range(0, len(points), IMAGES_AT_ONCE):
        part = points[start : start + IMAGES_AT_ONCE]
        apart = (part**2).sum(axis=1)[:, np.newaxis] + squares - 2 * part @ compared.T
        # A point that is among those compared with is its own nearest.
        inside = np.arange(start, start + len(part)) < len(compared)
        nearest = np.partition(apart, [place - 1, place], axis=1)
        found.append(np.where(inside, nearest[:, place], nearest[:, place - 1]))
    return np.asarray(np.sqrt(np.maximum(np.concatenate(found), 0)))


def standardised(values: Floats) -> Floats:
    """Say how far each distance is from the usual: by median and 90 % quantile, which few move."""
    known = np.isfinite(values)
    logs = np.log(np.maximum(values, 1e-9))
    if not known.any():
        return logs
    middle, high = np.quantile(logs[known], [0.5, 0.9])
    return np.asarray((logs - middle) / max((high - middle) / Z_OF_90_PERCENT, 1e-9))


def _parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(rows), IMAGES_AT_ONCE):
        yield rows[start : start + IMAGES_AT_ONCE]
