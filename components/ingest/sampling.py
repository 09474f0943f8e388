"""A stable choice of a few images per class, for a quick try."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from components.ingest.to_read import ToRead, rows_to_read
from sightline.ground.source.reading import Source
from sightline.ground.source.refusals import Refusal, RefusedError
from sightline.ground.source.rows import Row
from sightline.stage.parallel import map_ordered


@dataclass(frozen=True, slots=True)
class Sampled:
    """A source with fewer rows."""

    source: Source
    num_left_out: int


def take_per_class(
    source: Source, count: int, *, classes: tuple[str, ...], max_bytes: int, workers: int
) -> Sampled:
    """Leave out all but `count` images of each class and given split.

    Those stay whose content hashes come first, whatever their names and order. What cannot be
    read stays, too, to be refused as ever.
    """
    kept: set[int] = set()
    best: dict[tuple[str, str | None], list[tuple[int, int]]] = defaultdict(list)
    num_rows = 0
    rows = enumerate(rows_to_read(source, classes, max_bytes))
    hashed = map_ordered(partial(_hash, max_bytes=max_bytes), rows, workers=workers)
    for index, row, digest in hashed:
        num_rows += 1
        if row is None:
            kept.add(index)
            continue
        heap = best[row.target.title, row.split]
        # The largest hash leads the heap, so it is the one to go.
        heapq.heappush(heap, (-int(digest, 16), index))
        if len(heap) > count:
            heapq.heappop(heap)
    kept.update(index for heap in best.values() for _, index in heap)
    told = f"At most {count:,} images of each class are taken: ingest.images_per_class."
    taken = (*source.taken, told)
    sampled = replace(source, rows=lambda: _only(source, kept), num_rows=None, taken=taken)
    return Sampled(sampled, num_rows - len(kept))


def _hash(one: tuple[int, ToRead | Refusal], *, max_bytes: int) -> tuple[int, Row | None, str]:
    """Return a row with the hash of its image's bytes; no row where it is refused."""
    index, wanted = one
    if isinstance(wanted, Refusal):
        return index, None, ""
    try:
        data = wanted.read(max_bytes=max_bytes)
    except RefusedError:
        return index, None, ""
    return index, wanted.row, hashlib.sha256(data).hexdigest()


def _only(source: Source, kept: set[int]) -> Iterator[Row | Refusal]:
    for index, row in enumerate(source.rows()):
        if isinstance(row, Refusal) or index in kept:
            yield row
