"""Pairs of images whose hashes are close in one of their poses, without comparing all with all.

Locality-sensitive hashing by sampled bits (Indyk and Motwani, 1998): hashes that agree in a random
selection of bits meet in a bucket, and are then compared whole. Two hashes that differ in 8 of 64
bits meet in one of the tables in 99 cases of 100, if there are 100,000 of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.label_check.near_duplicates.hashes import Hashes

Numbers = np.ndarray[Any, np.dtype[np.int64]]

RADIUS = 12
"""Most bits in which the hashes of two candidates differ."""
NUM_TABLES = 48
MOST_IN_BUCKET = 16
MOST_PER_IMAGE = 8
"""The nearest are kept, so that a set of pictures that all look alike stays bounded."""
CROWDED = 6
"""An image with that many candidates within so few bits is asked for no others."""
NEVER = -1
QUERIES_AT_ONCE = 250_000
MOST_WAITING = 500_000
FEWEST_BITS = 10
MOST_BITS = 20
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
    """Differing bits."""

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, which: Any) -> "Candidates":
        return Candidates(
            self.first[which], self.second[which], self.pose[which], self.distance[which]
        )


def find_candidates(hashes: Hashes) -> Candidates:
    """Return pairs within the radius, each once in its best pose, the nearest of each image.

    `hashes`: uint64 [images, poses], in an order that hangs on the images alone.
    """
    limits = np.full(len(hashes), RADIUS, np.int64)
    found = nothing()
    waiting: list[Candidates] = []
    for table in _masks(len(hashes)):
        for hits in _meetings(hashes, table, limits):
            waiting.append(hits)
            if sum(map(len, waiting)) > MOST_WAITING:
                found = nearest(joined(found, *waiting), limits)
                waiting.clear()
    return nearest(joined(found, *waiting), limits)


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


def nearest(candidates: Candidates, limits: Numbers) -> Candidates:
    """Keep the nearest of each image; an image that has enough takes only nearer ones from now on.

    Changes `limits`, the radius of each image.
    """
    order = np.lexsort((candidates.second, candidates.distance, candidates.first))
    ranked = candidates[order]
    starts = np.searchsorted(ranked.first, ranked.first)
    rank = np.arange(len(ranked)) - starts
    last = rank == MOST_PER_IMAGE - 1
    left = ranked.distance[last] - 1
    limits[ranked.first[last]] = np.where(left < CROWDED, NEVER, left)
    return ranked[rank < MOST_PER_IMAGE]


def _masks(num_images: int) -> Iterator[np.uint64]:
    """Yield the bits that each table looks at: about as many as give an image a bucket of its own.

    The same on every machine and in every run.
    """
    random = np.random.default_rng(0)
    count = int(np.clip(np.ceil(np.log2(max(num_images, 1))), FEWEST_BITS, MOST_BITS))
    for _ in range(NUM_TABLES):
        bits = random.choice(HASH_BITS, count, replace=False)
        yield np.bitwise_or.reduce(np.uint64(1) << bits.astype(np.uint64))


def _meetings(hashes: Hashes, mask: np.uint64, limits: Numbers) -> Iterator[Candidates]:
    """Yield the pairs of one table, some queries at a time."""
    places = _buckets(hashes[:, 0], mask)
    order = np.argsort(places, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(places, minlength=2**MOST_BITS))])
    whole = np.ascontiguousarray(hashes[:, 0])
    num_poses = hashes.shape[1]
    rows_at_once = max(QUERIES_AT_ONCE // num_poses, 1)
    for begin in range(0, len(hashes), rows_at_once):
        rows = begin + np.flatnonzero(limits[begin : begin + rows_at_once] != NEVER)
        asked = hashes[rows].ravel()
        bucket = _buckets(asked, mask)
        first_there = starts[bucket]
        counts = np.minimum(starts[bucket + 1] - first_there, MOST_IN_BUCKET)
        query = np.repeat(np.arange(len(asked)), counts)
        offset = np.repeat(first_there - (np.cumsum(counts) - counts), counts)
        second = order[np.arange(len(query)) + offset]
        distance = np.bitwise_count(asked[query] ^ whole[second])
        near = np.flatnonzero(distance <= RADIUS)
        first, second, distance = rows[query[near] // num_poses], second[near], distance[near]
        meant = (distance <= limits[first]) & (first != second)
        if meant.any():
            pose = query[near[meant]] % num_poses
            yield Candidates(first[meant], second[meant], pose, distance[meant].astype(np.int64))


def _buckets(hashes: Hashes, mask: np.uint64) -> Numbers:
    return ((hashes & mask) * SPREAD >> np.uint64(HASH_BITS - MOST_BITS)).astype(np.int64)
