"""A stable choice of a few images per class, for a quick try."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from sightline.ground.source.reading import Source
from sightline.ground.source.refusals import Refusal, RefusedError
from sightline.ground.source.rows import Row, check_classes
from sightline.stage.parallel import map_ordered


@dataclass(frozen=True, slots=True)
class Sampled:
    """A source with fewer rows."""

    source: Source
    num_left_out: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One row of the source, and its bytes where they are read in order."""

    index: int
    row: Row
    data: bytes | None
    is_refused: bool = False


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
    candidates = _candidates(source, classes, max_bytes)
    hashed = map_ordered(partial(_hash, max_bytes=max_bytes), candidates, workers=workers)
    for num_rows, (one, digest) in enumerate(hashed, start=1):  # noqa: B007 - the last is wanted
        if not digest:
            kept.add(one.index)
            continue
        heap = best[one.row.target.title, one.row.split]
        # The largest hash leads the heap, so it is the one to go.
        heapq.heappush(heap, (-int(digest, 16), one.index))
        if len(heap) > count:
            heapq.heappop(heap)
    kept.update(index for heap in best.values() for _, index in heap)
    told = f"At most {count:,} images of each class are taken: ingest.images_per_class."
    taken = (*source.taken, told)
    sampled = replace(source, rows=lambda: _only(source, kept), num_rows=None, taken=taken)
    return Sampled(sampled, num_rows - len(kept))


def _hash(one: _Candidate, *, max_bytes: int) -> tuple[_Candidate, str]:
    """Return the hash of an image's bytes, or nothing where they cannot be read."""
    try:
        if one.is_refused:
            return one, ""
        data = one.data
        if data is None:
            data = one.row.files.read(one.row.path, max_bytes=max_bytes)
    except RefusedError:
        return one, ""
    return one, hashlib.sha256(data).hexdigest()


def _candidates(source: Source, classes: tuple[str, ...], max_bytes: int) -> Iterator[_Candidate]:
    """Yield the rows that may be left out: those that are refused already are not."""
    for index, row in enumerate(source.rows()):
        if isinstance(row, Refusal):
            continue
        try:
            check_classes(row.target.labels, classes)
            is_read = row.files.sequential
            data = row.files.read(row.path, max_bytes=max_bytes) if is_read else None
        except RefusedError:
            yield _Candidate(index, row, None, is_refused=True)
        else:
            yield _Candidate(index, row, data)


def _only(source: Source, kept: set[int]) -> Iterator[Row | Refusal]:
    for index, row in enumerate(source.rows()):
        if isinstance(row, Refusal) or index in kept:
            yield row
