"""Perceptual hashes of an image in all its poses, from one thumbnail.

pHash (Zauner, 2010) with two words: the signs of the 8 x 8 lowest frequencies of the 16 px picture,
by which pairs are found, and those of the 64 next ones, by which they are judged. A part of a
picture and its frequencies are linear in its pixels, so all trials are one matrix product. A
picture that is mirrored has the same frequencies, every second one with the other sign; one that
is turned has them transposed. So all poses follow from a few forms.
"""

from functools import cache
from typing import Any

import numpy as np

from components.label_check.near_duplicates.poses import (
    TRIALS,
    TURNED_TRIALS,
    Floats,
    Trial,
    orientation,
)
from components.label_check.near_duplicates.thumbnails import THUMBNAIL_PX, Greys

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

HASH_PX = 16
COARSE, FINE = 8, 12
"""Frequencies a side below which the signs are in the first word, and in the second."""

_pairs = [(row, column) for row in range(FINE) for column in range(FINE)]
FREQUENCIES = np.array(
    [pair for pair in _pairs if max(pair) < COARSE]
    + [pair for pair in _pairs if min(pair) < COARSE <= max(pair)]
)
"""[bits, 2]: row and column of each sign, 64 a word; its transpose is in the same word."""
TRANSPOSED = np.array([FREQUENCIES.tolist().index([x, y]) for y, x in FREQUENCIES.tolist()])
FORMS = list(dict.fromkeys((place, orientation(number)[0]) for place, number in TURNED_TRIALS))
"""Trials, plain and transposed, that are kept of each image."""


def hashes_of(thumbnails: Greys) -> Hashes:
    """Hash uint8 [images, 64, 64] into uint64 [images, forms, 2]; `posed` makes poses of them."""
    step = THUMBNAIL_PX // HASH_PX
    shape = len(thumbnails), HASH_PX, step, HASH_PX, step
    small = thumbnails.reshape(shape).mean(axis=(2, 4), dtype=np.float32)
    waves = small.reshape(len(small), HASH_PX**2) @ _transforms()
    signs = waves.reshape(len(small), len(TRIALS), len(FREQUENCIES)) > 0
    forms = [signs[:, place, TRANSPOSED] if swap else signs[:, place] for place, swap in FORMS]
    return _packed(np.stack(forms, axis=1))


def posed(hashes: Hashes, pose: int) -> Hashes:
    """Return uint64 [images, 2]: both words of a pose; of the first, the words of the image."""
    place, number = TURNED_TRIALS[pose]
    swapped, _, _ = orientation(number)
    words: Hashes = hashes[:, FORMS.index((place, swapped))] ^ _mirrored()[number & 3]
    return words


@cache
def _mirrored() -> Hashes:
    """Return uint64 [4, 2]: which signs change where rows or columns are mirrored."""
    odd = FREQUENCIES % 2 == 1
    turns = [orientation(number) for number in range(4)]
    return _packed(np.stack([(odd[:, 0] & rows) ^ (odd[:, 1] & cols) for _, rows, cols in turns]))


def _packed(signs: Any) -> Hashes:
    packed: Hashes = np.packbits(signs, axis=-1).view(np.uint64)
    return packed


@cache
def _transforms() -> Floats:
    """Return float32 [pixels, trials * frequencies]."""
    return np.concatenate([_transform(trial) for trial in TRIALS], axis=1, dtype=np.float32)


def _transform(trial: Trial) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return [pixels, frequencies]: the cosine transform of a trial, laid over the whole picture.

    SciPy's transform would need the trial's pixels, and a quarter of a second to import.
    """
    centres = (np.arange(HASH_PX) + 0.5) / HASH_PX - 0.5
    y, x = np.meshgrid(centres, centres, indexing="ij")
    points = np.stack([x.ravel() - trial.across, y.ravel() - trial.down])
    points = np.linalg.inv(trial.matrix()) @ points
    edges = np.clip((0.5 - np.abs(points)) * trial.share * HASH_PX + 0.5, 0, 1)
    columns, rows = np.cos(np.pi * np.arange(FINE)[:, None, None] * (points + 0.5)).swapaxes(0, 1)
    waves = rows[FREQUENCIES[:, 0]] * columns[FREQUENCIES[:, 1]] * edges.prod(axis=0)
    transform: np.ndarray[Any, np.dtype[np.float64]] = waves.T
    return transform
