"""Find the near-duplicates of a dataset: candidates by their hashes, proof by their pixels."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from components.label_check.copies import kept_first
from components.label_check.measurement import Measurement, Scores
from components.label_check.near_duplicates.candidates import (
    Candidates,
    find_candidates,
    in_nearest_pose,
    joined,
)
from components.label_check.near_duplicates.groups import Pair, grouped
from components.label_check.near_duplicates.hashes import FORMS, Hashes, hashes_of
from components.label_check.near_duplicates.thumbnails import Greys, Thumbnails
from components.label_check.near_duplicates.verification import likeness, textured
from components.label_check.survey import Survey
from sightline.stage import log

IMAGES_AT_ONCE = 500
MOST_COMPARED_PER_IMAGE = 1
"""On average: in a set of pictures that all look alike, the nearest pairs are compared."""
FEWEST_COMPARED = 5_000
Neighbours = Callable[[Sequence[int]], Iterable[tuple[int, int]]]
"""Rows -> pairs of them."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Pairs of rows that show one photograph, and what was not compared."""

    pairs: tuple[Pair, ...] = ()
    """The most alike first."""
    groups: dict[str, str] = field(default_factory=dict)
    """What an image's split hangs on -> the name of the group that takes its place."""
    num_refused: int = 0
    """Pairs for which a group had no room."""
    num_asked: int = 0
    num_small: int = 0
    num_flat: int = 0
    num_uncompared: int = 0
    """Candidates beyond the bound."""

    @property
    def num_unasked(self) -> int:
        """How many images were not looked at."""
        return self.num_small + self.num_flat


def find_near_duplicates(
    survey: Survey,
    thumbnails: Thumbnails,
    *,
    left_out: Collection[int],
    workers: int,
    neighbours: Neighbours | None = None,
) -> NearDuplicates:
    """Find pairs among the images that stay, each picture asked once.

    `left_out` are rows that the cleaned dataset does not hold. `neighbours` finds pairs of rows
    alike by another source, such as features; they need not be near by their hashes, and pixels
    prove them as all others.
    """
    staying = [one for one in survey.scored if one[0].row not in left_out]
    asked = [one for one in _each_picture_once(staying) if one[0].row in thumbnails]
    hashes, rows = _hashed([image.row for image, _ in asked], thumbnails)
    candidates = find_candidates(hashes, workers=workers)
    if further := _places(neighbours(rows) if neighbours else (), rows):
        candidates = joined(candidates, in_nearest_pose(hashes, np.array(further)))
    compared = _nearest(candidates, len(rows))
    log.event("near-duplicates", images=len(rows), candidates=len(compared))

    def of(places: Any) -> Greys:
        return thumbnails.of([rows[place] for place in places])

    found = likeness(compared, of, workers=workers)
    order = np.lexsort((compared.second, compared.first, -np.round(found, 3)))
    pairs = tuple(
        _pair(rows[compared.first[at]], rows[compared.second[at]], float(found[at]))
        for at in order
        if found[at]
    )
    groups, num_refused = grouped(pairs, staying)
    return NearDuplicates(
        pairs=pairs,
        groups=groups,
        num_refused=num_refused,
        num_asked=len(rows),
        num_small=sum(image.row not in thumbnails for image, _ in staying),
        num_flat=len(asked) - len(rows),
        num_uncompared=len(candidates) - len(compared),
    )


def _each_picture_once(
    images: Sequence[tuple[Measurement, Scores]],
) -> list[tuple[Measurement, Scores]]:
    """Return one row of each picture, in an order that hangs on pixels alone."""
    found: dict[bytes, tuple[Measurement, Scores]] = {}
    for image, scores in images:
        known = found.get(scores.pixel_hash)
        if known is None or kept_first(image) < kept_first(known[0]):
            found[scores.pixel_hash] = image, scores
    return [found[key] for key in sorted(found)]


def _places(pairs: Iterable[tuple[int, int]], rows: Sequence[int]) -> list[tuple[int, int]]:
    """Return where pairs of rows lie in `rows`, of those that are there."""
    places = {row: place for place, row in enumerate(rows)}
    return [
        (places[one], places[other])
        for one, other in pairs
        if one != other and one in places and other in places
    ]


def _hashed(rows: Sequence[int], thumbnails: Thumbnails) -> tuple[Hashes, list[int]]:
    """Return the hashes of the rows with enough texture to be compared, and these rows."""
    hashes: list[Hashes] = [np.empty((0, len(FORMS), 2), np.uint64)]
    told: list[int] = []
    for start in range(0, len(rows), IMAGES_AT_ONCE):
        part = rows[start : start + IMAGES_AT_ONCE]
        greys = thumbnails.of(part)
        clear = textured(greys)
        hashes.append(hashes_of(greys[clear]))
        told += [row for row, is_clear in zip(part, clear, strict=True) if is_clear]
    return np.concatenate(hashes), told


def _pair(one: int, other: int, likeness: float) -> Pair:
    return Pair(min(one, other), max(one, other), likeness)


def _nearest(candidates: Candidates, num_images: int) -> Candidates:
    most = max(FEWEST_COMPARED, MOST_COMPARED_PER_IMAGE * num_images)
    order = np.lexsort((candidates.second, candidates.first, candidates.distance))
    return candidates[order[:most]]
