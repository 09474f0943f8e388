"""What labels are judged by: features of a backbone, or pixels where there are none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.label_check.near_duplicates.thumbnails import THUMBNAIL_PX, Thumbnails
from components.label_check.wrong_labels.judgement import MOST_LEARNED
from components.label_check.wrong_labels.points import Flags, Floats, Turning, parts_of

POOLED_PX = 4
MOST_LEARNED_BY_PIXELS = 5_000
"""More teach a model of 256 grey pixels nothing."""
NUM_PIXELS = (THUMBNAIL_PX // POOLED_PX) ** 2


@dataclass(frozen=True, slots=True)
class Features:
    """What a backbone sees in the images of a dataset, row by row."""

    name: str
    """Of the backbone, for people."""
    values: Floats
    """float32 [n, d], or a memory map."""
    known: Flags
    """False for rows without features, whose values do not count."""
    weak: bool = False
    """Pixels alone: only gross mistakes can be found."""
    most_learned: int = MOST_LEARNED
    """How many images a model learns from, if there are more."""
    turning: Turning | None = None
    """The directions of the values, where other checks use them as well."""


def pixel_features(thumbnails: Thumbnails, count: int) -> Features:
    """Return the thumbnails at 16 x 16 grey pixels as features: the weaker form."""
    values = np.zeros((count, NUM_PIXELS), np.float32)
    known = np.array([row in thumbnails for row in range(count)])
    rows = np.flatnonzero(known)
    for part in parts_of(len(rows)):
        values[rows[part]] = _pooled(thumbnails, rows[part].tolist())
    return Features("downscaled pixels", values, known, True, MOST_LEARNED_BY_PIXELS)


def _pooled(thumbnails: Thumbnails, rows: Sequence[int]) -> Floats:
    side = THUMBNAIL_PX // POOLED_PX
    blocks = thumbnails.of(rows).reshape(len(rows), side, POOLED_PX, side, POOLED_PX)
    pooled: Floats = blocks.mean(axis=(2, 4), dtype=np.float32).reshape(len(rows), -1)
    return pooled
