"""Features as points of few dimensions, whatever the backbone and however many there are."""

from collections.abc import Iterator
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
Whole = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

ROWS_AT_ONCE = 5_000
ROWS_FOR_DIRECTIONS = 20_000
MOST_DIRECTIONS = 512
NEIGHBOUR_DIRECTIONS = 64


def points_of(features: Floats, seed: int) -> Floats:
    """Standardise features and turn them into the directions in which they vary most.

    A regularised linear model sees no difference, since turning keeps distances: it only gets
    quicker. `features` is float [n, d] and may be a memory map; the answer is float32 [n, 512] at
    most.
    """
    mean, deviation = _moments(features)
    rows = np.random.default_rng(seed).permutation(len(features))[:ROWS_FOR_DIRECTIONS]
    some = (features[np.sort(rows)] - mean) / deviation
    _, directions = np.linalg.eigh(some.T @ some)
    directions = directions[:, ::-1][:, :MOST_DIRECTIONS].astype(np.float32)
    points = np.empty((len(features), directions.shape[1]), np.float32)
    for part in parts_of(len(features)):
        points[part] = ((features[part] - mean) / deviation) @ directions
    return points


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


def _moments(features: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each feature; 1 for one that never changes."""
    total = np.zeros(features.shape[1])
    squares = np.zeros(features.shape[1])
    for part in parts_of(len(features)):
        rows = features[part].astype(np.float64)
        total += rows.sum(axis=0)
        squares += (rows**2).sum(axis=0)
    mean = total / len(features)
    deviation = np.sqrt(np.maximum(squares / len(features) - mean**2, 0))
    return mean.astype(np.float32), np.where(deviation > 1e-6, deviation, 1).astype(np.float32)
