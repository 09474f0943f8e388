"""Perceptual hashes of an image in all its poses, from one thumbnail.

pHash of 64 bits, as ImageHash has it: the 8 x 8 lowest frequencies of the 32 px picture, each above
the median or not. A part of a picture and its frequencies are linear in its pixels, so all poses
are one matrix product; mirrored and turned pictures have the same frequencies with other signs.
"""

from functools import cache
from typing import Any

import numpy as np
from scipy.fft import dct

from components.label_check.near_duplicates.poses import (
    NUM_ORIENTATIONS,
    POSES,
    TRIALS,
    Floats,
    Trial,
    orientation,
)
from components.label_check.near_duplicates.thumbnails import THUMBNAIL_PX, Greys

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

HASH_PX = 32
FREQUENCIES = 8


def hashes_of(thumbnails: Greys) -> Hashes:
    """Hash uint8 [images, 64, 64] into uint64 [images, poses]; the first pose is the image."""
    step = THUMBNAIL_PX // HASH_PX
    shape = len(thumbnails), HASH_PX, step, HASH_PX, step
    small = thumbnails.reshape(shape).mean(axis=(2, 4), dtype=np.float32)
    waves = small.reshape(len(small), HASH_PX**2) @ _transforms()
    waves = waves.reshape(len(small), len(TRIALS), FREQUENCIES, FREQUENCIES)
    found = np.empty((len(small), len(TRIALS), NUM_ORIENTATIONS), np.uint64)
    for number in range(NUM_ORIENTATIONS):
        found[..., number] = _bits(_turned(waves, number))
    return found.reshape(len(small), len(POSES))


def _turned(waves: Floats, number: int) -> Floats:
    signs = np.where(np.arange(FREQUENCIES) % 2, -1, 1).astype(np.float32)
    swapped, rows, columns = orientation(number)
    if swapped:
        waves = waves.swapaxes(-1, -2)
    if rows:
        waves = waves * signs[:, None]
    return waves * signs if columns else waves


def _bits(waves: Floats) -> Hashes:
    flat = waves.reshape(*waves.shape[:-2], FREQUENCIES**2)
    # Without the mean, 63 values: the one in the middle.
    middle = flat.shape[-1] // 2 - 1
    median = np.partition(flat[..., 1:], middle, axis=-1)[..., middle : middle + 1]
    packed: Hashes = np.packbits(flat > median, axis=-1).view(np.uint64)[..., 0]
    return packed


@cache
def _transforms() -> Floats:
    """Return float32 [pixels, trials * frequencies]."""
    basis = dct(np.eye(HASH_PX), axis=0)[:FREQUENCIES]
    waves = np.einsum("ux,vy->uvxy", basis, basis).reshape(FREQUENCIES**2, -1)
    return np.concatenate([(waves @ _resampling(trial)).T for trial in TRIALS], 1, dtype=np.float32)


def _resampling(trial: Trial) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return [pixels, pixels]: a trial of a picture, bilinear, black beyond its edges."""
    centres = (np.arange(HASH_PX) + 0.5) / HASH_PX - 0.5
    y, x = np.meshgrid(centres, centres, indexing="ij")
    points = np.stack([x.ravel(), y.ravel()])
    across, down = (trial.matrix() @ points + 0.5) * HASH_PX - 0.5
    matrix = np.zeros((HASH_PX**2, HASH_PX**2))
    for below in (0, 1):
        for right in (0, 1):
            row, column = np.floor(down).astype(int) + below, np.floor(across).astype(int) + right
            weight = (1 - np.abs(down - row)) * (1 - np.abs(across - column))
            inside = (row >= 0) & (row < HASH_PX) & (column >= 0) & (column < HASH_PX)
            here = np.flatnonzero(inside)
            matrix[here, row[here] * HASH_PX + column[here]] += weight[here]
    return matrix
