"""An image that a source names several times, where an image may have several labels.

People copy a photo into the folder of each label, or give a table a line per label.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from sightline.ground.source.files import Entry, Files, may_be_image
from sightline.ground.source.refusals import Refusal, RefusedError
from sightline.ground.source.rows import Row

Rows = Callable[[], Iterable[Row | Refusal]]
Contents = Callable[[], Mapping[str, str]]
"""Path -> what tells equal files from others; nothing of a file that is like no other."""


def with_all_labels(rows: Rows, contents: Contents = dict) -> Rows:
    """Return rows in which each image of a split comes once, with the labels of all its rows.

    Group and slices are those of the first row.
    """

    def merged() -> Iterator[Row | Refusal]:
        known, found = contents(), dict[Hashable, set[str]]()
        for row in rows():
            if isinstance(row, Row):
                found.setdefault(_key(row, known), set()).update(row.target.labels)
        for row in rows():
            if isinstance(row, Refusal):
                yield row
            elif (labels := found.pop(_key(row, known), None)) is not None:
                ordered = (*row.target.labels, *sorted(labels - {*row.target.labels}))
                yield replace(row, target=replace(row.target, labels=ordered))

    return merged


def contents_of(files: Files, entries: Iterable[Entry]) -> Contents:
    """Return the hashes of images that are as large as another one; they are read once for it."""

    @cache
    def read() -> Mapping[str, str]:
        by_size = defaultdict[int, list[str]](list)
        for entry in entries:
            if entry.size and entry.problem is None and may_be_image(entry.path):
                by_size[entry.size].append(entry.path)
        alike = [(path, size) for size, some in by_size.items() if len(some) > 1 for path in some]
        found = {}
        for path, size in sorted(alike, key=lambda one: files.position(one[0])):
            try:
                found[path] = hashlib.sha256(files.read(path, max_bytes=size)).hexdigest()
            except RefusedError:
                continue  # whoever reads the row says why
        return found

    return read


def _key(row: Row, contents: Mapping[str, str]) -> Hashable:
    # Files are opened anew for each pass: their places stay.
    return contents.get(row.path) or (row.files.location, row.path), row.split
