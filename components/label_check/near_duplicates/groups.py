"""Near-duplicates as groups: what has to stay in one split."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from components.label_check.measurement import Measurement, Scores

MOST_IN_GROUP = 50
"""Pairs chain: without a bound, the frames of a film or a badly chosen class become one group."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that show one photograph."""

    first: int
    second: int
    likeness: float
    """How alike their details are once aligned, 0.94 to 1."""


def key_of(image: Measurement, scores: Scores) -> str:
    """Return what an image's split hangs on without near-duplicates: its group, else its pixels."""
    return scores.pixel_hash.hex() if image.group == image.id else image.group


NO_GROUPS: Mapping[str, str] = MappingProxyType({})
"""Where near-duplicates are not known."""


def kept_together(image: Measurement, groups: Mapping[str, str]) -> str:
    """Return what no two folds may share: edits of one photo, a group of the source, copies.

    `groups` are those of near-duplicates: what a split hangs on without them -> what with them.
    """
    if image.scores is None:
        return image.id
    key = key_of(image, image.scores)
    return groups.get(key, key)


class Groups:
    """Groups that grow pair by pair, the most alike first, up to `MOST_IN_GROUP` members.

    A member is an image without a group, or a whole group that the source gave. A group takes the
    name of one of its members, so that at most the others change their split: that of a group of
    the source if there is one, else the smallest.
    """

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._given: set[str] = set()

    def add(self, image: Measurement, scores: Scores) -> str:
        """Make an image known; return its key."""
        key = key_of(image, scores)
        if image.group != image.id:
            self._given.add(key)
        self._sizes.setdefault(key, 1)
        return key

    def join(self, first: str, second: str) -> bool:
        """Join the groups of two keys; False where the group would be too large."""
        one, other = sorted((self.name(first), self.name(second)), key=self._rank)
        if one == other:
            return True
        if self._sizes[one] + self._sizes[other] > MOST_IN_GROUP:
            return False
        self._above[other] = one
        self._sizes[one] += self._sizes.pop(other)
        return True

    def name(self, key: str) -> str:
        """Return the name of the group that a key is in; the key itself where it is alone."""
        while key in self._above:
            key = self._above[key]
        return key

    def _rank(self, key: str) -> tuple[bool, str]:
        return key not in self._given, key

    def names(self) -> dict[str, str]:
        """Return the new name of every key in a group of several."""
        joined = {*self._above, *self._above.values()}
        return {key: self.name(key) for key in joined}


def grouped(
    pairs: Sequence[Pair], images: Iterable[tuple[Measurement, Scores]]
) -> tuple[dict[str, str], int]:
    """Return the name of the group of each key in one, and how many pairs no group had room for.

    `pairs` come in the order in which they are to be joined.
    """
    wanted = {row for pair in pairs for row in (pair.first, pair.second)}
    groups = Groups()
    keys = {image.row: groups.add(image, scores) for image, scores in images if image.row in wanted}
    refused = sum(not groups.join(keys[pair.first], keys[pair.second]) for pair in pairs)
    return groups.names(), refused
