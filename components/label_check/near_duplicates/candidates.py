"""Pairs of images whose hashes are close in one of their poses, without comparing all with all.

Locality-sensitive hashing by sampled bits (Indyk and Motwani, 1998): hashes that agree in a random
selection of bits meet in a bucket, and are then compared whole. Two hashes that differ in 8 of 64
bits meet in one of the tables in 99 cases of 100, if there are 100,000 of them. In a crowded bucket
the next ones by other bits meet (Bawa and others' LSH forest, 2005).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from components.label_check.near_duplicates.hashes import Hashes, posed
from components.label_check.near_duplicates.poses import POSES
from sightline.stage.parallel import map_ordered

Numbers = np.ndarray[Any, np.dtype[np.int64]]

RADIUS = 12
"""Most bits in which the first words of two candidates differ."""
FINE_RADIUS = 24
"""Most bits in which their second words differ: chance gives 32, and leaves one in 30 below."""
MOST_EXHAUSTIVE = 2048
"""So few images are compared all with all, which is sooner done than buckets."""
NUM_TABLES = 48
MOST_IN_BUCKET = 16
MOST_PER_IMAGE = 8
"""The nearest are kept, so that a set of pictures that all look alike stays bounded."""
CROWDED = 12
"""An image with that many candidates within so few bits of both words is asked for no others."""
NEVER = -1
IMAGES_AT_ONCE = 512
CELLS_AT_ONCE = 1 << 18
MOST_WAITING = 50_000
FEWEST_BITS = 10
MOST_BITS = 18
HASH_BITS = 64
SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2**64 over the golden ratio: Knuth's multiplicative hashing."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs that may show one picture; a second source of them is joined with `joined`."""

    first: Numbers
    """Place of the image that lies, in its pose, in the second one."""
    second: Numbers
    pose: Numbers
    distance: Numbers
    """Differing bits of both words."""

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, which: Any) -> "Candidates":
        return Candidates(
            self.first[which], self.second[which], self.pose[which], self.distance[which]
        )


def find_candidates(hashes: Hashes, *, workers: int = 1) -> Candidates:
    """Return pairs within both radii, each once in its best pose, the nearest of each image.

    `hashes`: uint64 [images, forms, 2], in an order that hangs on the images alone.
    """
    starts = range(0, len(hashes), IMAGES_AT_ONCE)
    if len(hashes) <= MOST_EXHAUSTIVE:
        find = partial(_among_all, hashes)
    else:
        find = partial(_in_buckets, hashes, list(_tables(hashes)))
    return joined(nothing(), *map_ordered(find, starts, workers=workers))


def nothing() -> Candidates:
    """Return no candidates."""
    empty = np.empty(0, np.int64)
    return Candidates(empty, empty, empty, empty)


def joined(*sources: Candidates) -> Candidates:
    """Return the candidates of several sources, each pair once, in its nearest pose."""
    names = ("first", "second", "pose", "distance")
    every = Candidates(
        *(np.concatenate([getattr(source, name) for source in sources]) for name in names)
    )
    low, high = np.minimum(every.first, every.second), np.maximum(every.first, every.second)
    every = every[np.lexsort((every.pose, every.first, every.distance, high, low))]
    low, high = np.minimum(every.first, every.second), np.maximum(every.first, every.second)
    fresh = np.ones(len(every), bool)
    fresh[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    return every[fresh]


def in_nearest_pose(hashes: Hashes, pairs: Numbers) -> Candidates:
    """Return the candidates that pairs of places are, int [pairs, 2], however far their hashes."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    whole = posed(hashes, 0)[both[:, 1]]
    found = [
        Candidates(
            both[:, 0],
            both[:, 1],
            np.full(len(both), pose),
            np.bitwise_count(posed(hashes, pose)[both[:, 0]] ^ whole).sum(axis=1, dtype=np.int64),
        )
        for pose in range(len(POSES))
    ]
    return joined(*found)


def _among_all(hashes: Hashes, start: int) -> Candidates:
    """Compare some images, in all poses, with all."""
    whole = posed(hashes, 0)
    coarse = np.ascontiguousarray(whole[:, 0])
    rows_at_once = max(CELLS_AT_ONCE // len(hashes), 1)
    limits = np.full(len(hashes), HASH_BITS * 2)
    found, waiting = nothing(), [nothing()]
    stop = min(start + IMAGES_AT_ONCE, len(hashes))
    for pose in range(len(POSES)):
        asked = posed(hashes[start:stop], pose)
        for begin in range(0, len(asked), rows_at_once):
            differing = asked[begin : begin + rows_at_once, :1] ^ coarse
            near = np.flatnonzero(np.bitwise_count(differing) <= RADIUS)
            row, second = np.divmod(near, len(hashes))
            waiting.append(_judged(asked[begin + row], start + begin + row, second, whole, pose))
            if sum(map(len, waiting)) > MOST_WAITING:
                found, waiting = _nearest(joined(found, *waiting), limits), [nothing()]
    return _nearest(joined(found, *waiting), limits)


def _judged(asked: Hashes, first: Numbers, second: Numbers, whole: Hashes, pose: Any) -> Candidates:
    """Return those of these pairs that both words let pass."""
    coarse, fine = np.bitwise_count(asked ^ whole[second]).T
    meant = np.flatnonzero((coarse <= RADIUS) & (fine <= FINE_RADIUS) & (first != second))
    return Candidates(
        first[meant],
        second[meant],
        np.broadcast_to(pose, first.shape)[meant],
        coarse[meant].astype(np.int64) + fine[meant],
    )


def _nearest(candidates: Candidates, limits: Numbers) -> Candidates:
    """Keep the nearest of each image; an image that has enough takes only nearer ones from now on.

    Changes `limits`, the largest distance of each image.
    """
    order = np.lexsort((candidates.second, candidates.distance, candidates.first))
    ranked = candidates[order]
    starts = np.searchsorted(ranked.first, ranked.first)
    rank = np.arange(len(ranked)) - starts
    last = rank == MOST_PER_IMAGE - 1
    left = ranked.distance[last] - 1
    limits[ranked.first[last]] = np.where(left < CROWDED, NEVER, left)
    return ranked[rank < MOST_PER_IMAGE]


@dataclass(frozen=True, slots=True)
class _Table:
    """Images in the order of their buckets, and inside a bucket of some bits of the second word."""

    mask: Hashes
    """uint64 [2]: the bits that count of each word."""
    keys: Hashes
    """Sorted."""
    places: Numbers
    starts: Numbers
    """Of each bucket."""


def _tables(hashes: Hashes) -> Iterator[_Table]:
    """Yield tables that look at about as many bits as give an image a bucket of its own.

    Bits in which the images differ most are drawn most often, so that pictures that all look alike
    do not fill one bucket. The same on every machine and in every run.
    """
    random = np.random.default_rng(0)
    whole = posed(hashes, 0)
    count = int(np.clip(np.ceil(np.log2(len(hashes))), FEWEST_BITS, MOST_BITS))
    masks = [_bits(whole[:, 0], count, random) for _ in range(NUM_TABLES)]
    for coarse in masks:
        fine = _bits(whole[:, 1], HASH_BITS // 2, random)
        mask = np.array([coarse, fine])
        keys = _keys(whole, mask)
        places = np.argsort(keys, kind="stable")
        buckets = _buckets(keys)
        starts = np.concatenate([[0], np.cumsum(np.bincount(buckets, minlength=2**MOST_BITS))])
        yield _Table(mask, keys[places], places.astype(np.int32), starts.astype(np.int32))


def _bits(words: Hashes, count: int, random: np.random.Generator) -> np.uint64:
    each = np.uint64(1) << np.arange(HASH_BITS, dtype=np.uint64)
    share = np.array([np.count_nonzero(words & bit) for bit in each]) / len(words)
    weights = share * (1 - share) + 1e-3
    chosen = random.choice(each, count, replace=False, p=weights / weights.sum())
    return np.uint64(np.bitwise_or.reduce(chosen))


def _in_buckets(hashes: Hashes, tables: list[_Table], start: int) -> Candidates:
    """Look some images up in all poses."""
    whole = posed(hashes, 0)
    part = hashes[start : start + IMAGES_AT_ONCE]
    asked = np.stack([posed(part, pose) for pose in range(len(POSES))], axis=1)
    limits = np.full(len(hashes), HASH_BITS * 2)
    found, waiting = nothing(), [nothing()]
    for table in tables:
        rows = np.flatnonzero(limits[start : start + len(part)] != NEVER)
        words = asked[rows].reshape(-1, 2)
        query, second = _meetings(words, table)
        row, pose = np.divmod(query, len(POSES))
        hits = _judged(words[query], start + rows[row], second, whole, pose)
        waiting.append(hits[hits.distance <= limits[hits.first]])
        if sum(map(len, waiting)) > MOST_WAITING:
            found, waiting = _nearest(joined(found, *waiting), limits), [nothing()]
    return _nearest(joined(found, *waiting), limits)


def _meetings(words: Hashes, table: _Table) -> tuple[Numbers, Numbers]:
    """Return which words meet which images: all of their bucket, or the nearest of a crowd."""
    keys = _keys(words, table.mask)
    buckets = _buckets(keys)
    begin, end = table.starts[buckets], table.starts[buckets + 1]
    crowds = np.flatnonzero(end - begin > MOST_IN_BUCKET)
    around = np.searchsorted(table.keys, keys[crowds]) - MOST_IN_BUCKET // 2
    begin[crowds] = np.clip(around, begin[crowds], end[crowds] - MOST_IN_BUCKET)
    counts = np.minimum(end - begin, MOST_IN_BUCKET)
    query = np.repeat(np.arange(len(words)), counts)
    offset = np.repeat(begin - (np.cumsum(counts) - counts), counts)
    return query, table.places[np.arange(len(query)) + offset]


def _keys(words: Hashes, mask: Hashes) -> Hashes:
    """Return the bucket of each pair of words in the upper bits, below it the second word's."""
    bits = np.uint64(HASH_BITS - MOST_BITS)
    bucket = (words[:, 0] & mask[0]) * SPREAD >> bits << bits
    keys: Hashes = bucket | (words[:, 1] & mask[1]) >> np.uint64(MOST_BITS)
    return keys


def _buckets(keys: Hashes) -> Numbers:
    return (keys >> np.uint64(HASH_BITS - MOST_BITS)).astype(np.int64)
