"""Whether two pictures show the same photograph: compared by pixels, once aligned.

Coarse likeness means nothing: two daisies from above agree well. So what is compared is the detail
(4 to 10 px of 64) block by block, and the median block decides: a watermark, a frame or black
corners do not hide a copy, and one bright blossom does not make one.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from components.label_check.near_duplicates.alignment import Flags, aligned, sample
from components.label_check.near_duplicates.candidates import Candidates
from components.label_check.near_duplicates.poses import POSES, Floats
from components.label_check.near_duplicates.thumbnails import THUMBNAIL_PX, Greys
from sightline.stage.parallel import map_ordered

BLOCK_PX = 8
FINEST_PX, COARSEST_PX = 0.7, 2.0
TEXTURE = 4.0
"""Variance of the detail, in grey levels squared, below which a block is plain."""
FEWEST_BLOCKS = 8
"""Of 64: fewer blocks with texture tell nothing."""
COVERED = 0.9
LEAST_OVERLAP = 0.45
LEAST_COARSE = 0.6
LEAST_MEDIUM = 0.45
"""What pictures that are alike in the large alone do not reach."""
LEAST_MEDIAN = 0.94
LEAST_QUARTER = 0.7
"""What three quarters of the blocks exceed."""
STRICTER = 0.04
"""Added to the median for plain blocks: a small drawing on paper is soon like another."""
FARTHEST = 0.15
"""How far a map may leave its pose: what has to be bent to fit is another picture."""
PAIRS_AT_ONCE = 64


def textured(thumbnails: Greys) -> Flags:
    """Tell of uint8 [images, 64, 64] which have enough detail to be compared."""
    detail = _blocks(_detail(thumbnails.astype(np.float32)))
    found: Flags = (detail.var(axis=(-1, -2)) > TEXTURE).sum(axis=1) >= FEWEST_BLOCKS
    return found


def likeness(
    candidates: Candidates, thumbnails_of: Callable[[Any], Greys], *, workers: int
) -> Floats:
    """Return float32 [candidates]: the median block's correlation; 0 where pixels differ.

    `thumbnails_of` gives the thumbnails of places, uint8 [places, 64, 64].
    """
    starts = range(0, len(candidates), PAIRS_AT_ONCE)
    parts = map_ordered(
        partial(_compare, thumbnails_of),
        (candidates[start : start + PAIRS_AT_ONCE] for start in starts),
        workers=workers,
    )
    return np.concatenate([*parts, np.empty(0, np.float32)])


def _compare(thumbnails_of: Callable[[Any], Greys], candidates: Candidates) -> Floats:
    pictures = thumbnails_of(candidates.first).astype(np.float32)
    targets = thumbnails_of(candidates.second).astype(np.float32)
    found = np.zeros(len(candidates), np.float32)
    maps, coarse = _coarse(targets, pictures, POSES[candidates.pose])
    likely = np.flatnonzero(coarse >= LEAST_COARSE)
    if not len(likely):
        return found
    maps, medium = _medium(targets[likely], pictures[likely], maps[likely])
    likely, maps = likely[medium >= LEAST_MEDIUM], maps[medium >= LEAST_MEDIUM]
    if not len(likely):
        return found
    pictures, targets = pictures[likely], targets[likely]
    maps = aligned(targets, pictures, maps, rounds=2)
    turned = np.abs(maps - POSES[candidates.pose[likely]])[..., :2].max(axis=(1, 2))
    found[likely] = np.where(turned <= FARTHEST, _agreement(targets, pictures, maps), 0)
    return found


def _coarse(targets: Floats, pictures: Floats, maps: Floats) -> tuple[Floats, Floats]:
    """Align at 16 px; return the maps and how well the pictures agree there."""
    targets, pictures = _shrunk(targets, 4), _shrunk(pictures, 4)
    maps = aligned(targets, pictures, maps, rounds=8)
    seen = sample(pictures, maps)
    inside = seen.inside.reshape(targets.shape)
    return maps, _correlation(targets, seen.values.reshape(targets.shape), inside)


def _medium(targets: Floats, pictures: Floats, maps: Floats) -> tuple[Floats, Floats]:
    """Align at 32 px; return the maps and how well the pictures agree inside small blocks."""
    targets, pictures = _shrunk(targets, 2), _shrunk(pictures, 2)
    maps = aligned(targets, pictures, maps, rounds=5)
    seen = sample(pictures, maps)
    inside = seen.inside.reshape(targets.shape)
    ours, theirs = (
        values - np.repeat(np.repeat(_shrunk(values, 4), 4, axis=1), 4, axis=2)
        for values in (targets, seen.values.reshape(targets.shape))
    )
    return maps, _correlation(ours, theirs, inside)


def _agreement(targets: Floats, pictures: Floats, maps: Floats) -> Floats:
    """Return the median correlation of the blocks with texture; 0 where they do not agree."""
    seen = sample(pictures, maps)
    inside = _blocks(seen.inside.reshape(targets.shape))
    ours, theirs = (
        _blocks(_detail(values)) for values in (targets, seen.values.reshape(targets.shape))
    )
    texture = np.maximum(ours.var(axis=(-1, -2)), theirs.var(axis=(-1, -2))) > TEXTURE
    counted = texture & (inside.mean(axis=(-1, -2)) > COVERED)
    correlations = np.where(counted, _likeness(ours, theirs, inside, counted), np.nan)
    enough = (counted.sum(axis=1) >= FEWEST_BLOCKS) & (inside.mean(axis=(1, 2, 3)) >= LEAST_OVERLAP)
    correlations[~enough] = 0
    quarter, median = np.nanquantile(correlations, [0.25, 0.5], axis=1)
    plain = 1 - counted.mean(axis=1)
    same = (median >= LEAST_MEDIAN + STRICTER * plain) & (quarter >= LEAST_QUARTER)
    return np.where(same, median, 0).astype(np.float32)


def _likeness(ours: Floats, theirs: Floats, inside: Flags, counted: Flags) -> Floats:
    """Return how alike blocks are, in pattern and in strength; one contrast for all blocks.

    The second factor of SSIM's structure and contrast (Wang and others, 2004): drawings agree in
    pattern more easily than in strength.
    """
    weights = inside * counted[..., None, None]
    spreads = [
        (weights * values**2).sum(axis=(1, 2, 3), keepdims=True) for values in (ours, theirs)
    ]
    theirs = theirs * np.sqrt((spreads[0] + 1e-6) / (spreads[1] + 1e-6))
    ours, theirs = (values - values.mean(axis=(-1, -2), keepdims=True) for values in (ours, theirs))
    both = 2 * (inside * ours * theirs).sum(axis=(-1, -2))
    found: Floats = both / ((inside * (ours**2 + theirs**2)).sum(axis=(-1, -2)) + 1e-6)
    return found


def _correlation(ours: Floats, theirs: Floats, inside: Flags) -> Floats:
    """Return the correlation over the last two axes, of what lies inside."""
    weights = inside / np.maximum(inside.sum(axis=(-1, -2), keepdims=True), 1)
    ours = ours - (weights * ours).sum(axis=(-1, -2), keepdims=True)
    theirs = theirs - (weights * theirs).sum(axis=(-1, -2), keepdims=True)
    both = (weights * ours * theirs).sum(axis=(-1, -2))
    spreads = [(weights * values**2).sum(axis=(-1, -2)) for values in (ours, theirs)]
    found: Floats = both / np.sqrt(spreads[0] * spreads[1] + 1e-6)
    return found


def _detail(pictures: Floats) -> Floats:
    fine, coarse = (blur.T @ (pictures @ blur) for blur in _blurs())
    detail: Floats = fine - coarse
    return detail


@cache
def _blurs() -> list[Floats]:
    """Return two float32 [64, 64] that blur a picture's rows, finely and coarsely.

    SciPy's filter gives the same, and takes a quarter of a second to import.
    """
    place = np.arange(THUMBNAIL_PX)
    squares = np.subtract.outer(place, place) ** 2
    weights = [np.exp(-squares / (2 * size_px**2)) for size_px in (FINEST_PX, COARSEST_PX)]
    return [(some / some.sum(axis=0)).astype(np.float32) for some in weights]


def _blocks(pictures: Any) -> Any:
    """Cut [pairs, 64, 64] into [pairs, 64, 8, 8]."""
    side = THUMBNAIL_PX // BLOCK_PX
    cut = pictures.reshape(-1, side, BLOCK_PX, side, BLOCK_PX).swapaxes(2, 3)
    return cut.reshape(-1, side**2, BLOCK_PX, BLOCK_PX)


def _shrunk(pictures: Floats, times: int) -> Floats:
    side = pictures.shape[1] // times
    cut = pictures.reshape(-1, side, times, side, times)
    small: Floats = cut.mean(axis=(2, 4), dtype=np.float32)
    return small
