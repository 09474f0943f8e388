"""Images that lie next to each other in what a backbone sees: candidates beside those of hashes.

A crop from any place, or a tilt, changes the layout that hashes tell of, and hardly what is seen.
Raw cosines of pooled features call all photos alike, so features are whitened first. Each image is
compared with those in the cells around the centres, images of chance, that are nearest to it: time
grows with n to the power of 1.5.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from components.label_check.outliers.distance import FeaturesOf, Whitening

Floats = np.ndarray[Any, np.dtype[np.float32]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]

NUM_DIRECTIONS = 64
MOST_EXHAUSTIVE = 4_000
"""So few images are compared all with all."""
CELLS_OF_AN_IMAGE = 3
ROWS_AT_ONCE = 1_000
NEIGHBOURS = 2
"""An image, a copy of it and another copy."""
NEARER_THAN_USUAL = 0.8
"""Standard deviations above the median of cosines between nearest images: one in five by chance,
which pixels refuse soon. Of random crops of 80 % a side this finds 0.88, 2.33 finds 0.62, and all
nearest images 0.89. From the lower half alone, so that many copies do not pass for usual."""


def nearest_pairs(
    features: FeaturesOf, known: Whitening, rows: Sequence[int]
) -> list[tuple[int, int]]:
    """Return pairs of `rows` that are nearer to each other than nearest images usually are.

    The order of `rows` decides what they are compared with.
    """
    if len(rows) <= NEIGHBOURS:
        return []
    points = known.points(features, rows, NUM_DIRECTIONS)
    points /= np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9)
    places, alike = _nearest(points)
    nearest = alike[:, 0]
    middle, low = np.quantile(nearest, [0.5, 0.16])
    limit = middle + NEARER_THAN_USUAL * (middle - low)
    first, which = np.nonzero(alike >= limit)
    pairs = zip(first.tolist(), places[first, which].tolist(), strict=True)
    numbered = sorted({(min(pair), max(pair)) for pair in pairs})
    return [(rows[one], rows[other]) for one, other in numbered]


def _nearest(points: Floats) -> tuple[Numbers, Floats]:
    """Return the places of the nearest of each point [n, 2] and their cosines, nearest first."""
    places = np.full((len(points), NEIGHBOURS), -1)
    alike = np.full((len(points), NEIGHBOURS), -1.0, np.float32)
    for members in _cells(points):
        for start in range(0, len(members), ROWS_AT_ONCE):
            asked = members[start : start + ROWS_AT_ONCE]
            cosines = points[asked] @ points[members].T
            cosines[np.arange(len(asked)), np.arange(start, start + len(asked))] = -1
            _merge(places, alike, asked, members, cosines)
    return places, alike


def _merge(
    places: Numbers, alike: Floats, asked: Numbers, members: Numbers, cosines: Floats
) -> None:
    """Take what a cell tells of its images into what is known of them."""
    count = min(NEIGHBOURS, len(members))
    near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    found = np.concatenate([places[asked], members[near]], axis=1)
    values = np.concatenate([alike[asked], np.take_along_axis(cosines, near, axis=1)], axis=1)
    for column in range(NEIGHBOURS, values.shape[1]):
        # Met before, in another cell.
        values[(found[:, :NEIGHBOURS] == found[:, column : column + 1]).any(axis=1), column] = -1
    order = np.argsort(-values, axis=1, kind="stable")[:, :NEIGHBOURS]
    places[asked] = np.take_along_axis(found, order, axis=1)
    alike[asked] = np.take_along_axis(values, order, axis=1)


def _cells(points: Floats) -> Iterator[Numbers]:
    """Yield sets of places; an image is in those of its three nearest centres."""
    if len(points) <= MOST_EXHAUSTIVE:
        yield np.arange(len(points))
        return
    random = np.random.default_rng(0)
    centres = points[random.permutation(len(points))[: int(np.sqrt(len(points)))]]
    cells = np.empty((len(points), CELLS_OF_AN_IMAGE), np.int64)
    for start in range(0, len(points), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        near = -(points[part] @ centres.T)
        cells[part] = np.argpartition(near, CELLS_OF_AN_IMAGE, axis=1)[:, :CELLS_OF_AN_IMAGE]
    order = np.argsort(cells.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(cells.ravel(), minlength=len(centres)))
    for members in np.split(order // CELLS_OF_AN_IMAGE, ends[:-1]):
        if len(members) > 1:
            yield members
