"""Lay one thumbnail over another: an affine map, brightness and contrast, found from the pixels.

Lucas and Kanade's method (1981) with weights against outliers, in two sizes, many pairs at once.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from components.label_check.near_duplicates.poses import Floats

Flags = np.ndarray[Any, np.dtype[np.bool_]]

LONGEST_STEP = 0.1
DAMPING = 1e-3
FLATTEST = 1.0
"""Grey levels: less contrast is none."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Pictures as they look through a map: float32 [pairs, pixels]."""

    values: Floats
    across: Floats
    """Slope per width of the picture."""
    down: Floats
    inside: Flags


def points(size_px: int) -> tuple[Floats, Floats]:
    """Return x and y of every pixel's centre, -0.5 to 0.5, row by row."""
    return _points(size_px)


@cache
def _points(size_px: int) -> tuple[Floats, Floats]:
    centres = ((np.arange(size_px) + 0.5) / size_px - 0.5).astype(np.float32)
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return x.ravel(), y.ravel()


def sample(pictures: Floats, maps: Floats) -> Sampled:
    """Look at float32 [pairs, n, n] through maps, float32 [pairs, 2, 3], bilinear."""
    size = pictures.shape[1]
    x, y = points(size)
    across = (maps[:, 0, :1] * x + maps[:, 0, 1:2] * y + maps[:, 0, 2:] + 0.5) * size - 0.5
    down = (maps[:, 1, :1] * x + maps[:, 1, 1:2] * y + maps[:, 1, 2:] + 0.5) * size - 0.5
    inside = np.maximum(np.abs(across - (size - 1) / 2), np.abs(down - (size - 1) / 2)) <= size / 2
    across, down = np.clip(across, 0, size - 1.001), np.clip(down, 0, size - 1.001)
    column, row = across.astype(np.int32), down.astype(np.int32)
    right, below = across - column, down - row
    place = (np.arange(len(pictures), dtype=np.int32) * size**2)[:, None] + row * size + column
    flat = pictures.reshape(-1)
    top_left, top_right = flat[place], flat[place + 1]
    low_left, low_right = flat[place + size], flat[place + size + 1]
    top, low = top_right - top_left, low_right - low_left
    upper, lower = top_left + top * right, low_left + low * right
    return Sampled(
        values=upper + (lower - upper) * below,
        across=(top + (low - top) * below) * size,
        down=(lower - upper) * size,
        inside=inside,
    )


def aligned(targets: Floats, pictures: Floats, maps: Floats, *, rounds: int) -> Floats:
    """Return better maps from points of the targets to points of the pictures.

    All float32: targets and pictures [pairs, n, n], maps [pairs, 2, 3].
    """
    wanted = targets.reshape(len(targets), -1)
    x, y = points(targets.shape[1])
    tone = np.empty((0, 2), np.float32)
    for number in range(rounds):
        seen = sample(pictures, maps)
        if number == 0:
            tone = _tone(wanted, seen)
        gain = tone[:, :1]
        rest = wanted - gain * seen.values - tone[:, 1:]
        across, down = gain * seen.across, gain * seen.down
        slopes = [across * x, across * y, across, down * x, down * y, down, seen.values]
        step = _step(np.stack([*slopes, np.ones_like(rest)], axis=1), rest, seen.inside)
        longest = np.abs(step[:, :6]).max(axis=1, keepdims=True)
        step *= np.minimum(1, LONGEST_STEP / np.maximum(longest, LONGEST_STEP))
        maps = maps + step[:, :6].reshape(-1, 2, 3)
        tone = tone + step[:, 6:]
    return maps


def _tone(wanted: Floats, seen: Sampled) -> Floats:
    """Return float32 [pairs, 2]: the contrast and brightness that a picture needs."""
    weights = seen.inside.astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True) + FLATTEST
    means = [(weights * values).sum(axis=1) for values in (wanted, seen.values)]
    spreads = [
        (weights * (values - mean[:, None]) ** 2).sum(axis=1)
        for values, mean in zip((wanted, seen.values), means, strict=True)
    ]
    gain = np.sqrt((spreads[0] + FLATTEST) / (spreads[1] + FLATTEST))
    return np.stack([gain, means[0] - gain * means[1]], axis=1)


def _step(slopes: Floats, rest: Floats, inside: Flags) -> Floats:
    """Solve weighted least squares: slopes [pairs, 8, pixels], rest [pairs, pixels]."""
    usual = np.sqrt((inside * rest**2).sum(axis=1, keepdims=True) / (inside.sum(1)[:, None] + 1))
    weights = inside / np.maximum(1, np.abs(rest) / (usual + FLATTEST))
    weighted = slopes * weights[:, None]
    normal = (weighted @ slopes.swapaxes(1, 2)).astype(np.float64)
    diagonal = np.einsum("pii->pi", normal)
    diagonal *= 1 + DAMPING
    diagonal += 0.01
    solved = np.linalg.solve(normal, weighted @ rest[..., None])[..., 0]
    return solved.astype(np.float32)
