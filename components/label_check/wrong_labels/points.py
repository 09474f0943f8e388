"""Features as points of few dimensions, whatever the backbone and however many there are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

ROWS_AT_ONCE = 5_000
ROWS_FOR_DIRECTIONS = 20_000
MOST_DIRECTIONS = 512
NEIGHBOUR_DIRECTIONS = 64
SMALLEST_DEVIATION = 1e-6
"""A feature that varies less never changes."""


def points_of(features: Floats, seed: int) -> Floats:
    """Return features as points, float32 [n, 512] at most."""
    turning = Turning(features, np.arange(len(features)), seed)
    return turning.points(turning.rows)


@dataclass(frozen=True)
class Turning:
    """Features, standardised and turned into the directions in which they vary most.

    A regularised linear model sees no difference, since turning keeps distances: it only gets
    quicker. It is fitted once for all checks that learn from a dataset's features.
    """

    features: Floats
    """float [rows, d], may be a memory map."""
    rows: Whole
    """Rows that it is fitted to."""
    seed: int

    def points(self, rows: Whole, most: int = MOST_DIRECTIONS) -> Floats:
        """Return rows as points, float32 [n, `most`] at most."""
        directions = self._directions[:, :most]
        points = np.empty((len(rows), directions.shape[1]), np.float32)
        for part in parts_of(len(rows)):
            points[part] = self._standardised(rows[part]) @ directions
        return points

    @cached_property
    def _moments(self) -> tuple[Floats, Floats]:
        return moments_of(self.features[self.rows[part]] for part in parts_of(len(self.rows)))

    @cached_property
    def _directions(self) -> Floats:
        shuffled = np.random.default_rng(self.seed).permutation(len(self.rows))
        some = self._standardised(self.rows[np.sort(shuffled[:ROWS_FOR_DIRECTIONS])])
        _, directions = np.linalg.eigh(some.T @ some)
        return np.asarray(directions[:, ::-1][:, :MOST_DIRECTIONS], np.float32)

    def _standardised(self, rows: Whole) -> Floats:
        mean, deviation = self._moments
        scales = np.where(deviation > SMALLEST_DEVIATION, deviation, 1).astype(np.float32)
        standardised: Floats = (self.features[rows] - mean) / scales
        return standardised


def neighbourly(points: Floats) -> Floats:
    """Return unit vectors whose products say how alike two images are.

    Raw cosine on pooled features calls all photos alike; half whitening the first directions
    found more of planted mistakes than none or all of it.
    """
    first = points[:, :NEIGHBOUR_DIRECTIONS]
    scales = np.sqrt(np.maximum(first.std(axis=0), 1e-6))
    scaled = first / scales
    found: Floats = scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-6)
    return found


def parts_of(count: int, size: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Return the slices that go through `count` rows."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def moments_of(parts: Iterable[Floats]) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each feature, float32 [d], of parts float [n, d]."""
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for part in parts:
        rows = part.astype(np.float64)
        count += len(rows)
        total = total + rows.sum(axis=0)
        squares = squares + (rows**2).sum(axis=0)
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return mean.astype(np.float32), deviation.astype(np.float32)
