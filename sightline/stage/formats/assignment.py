"""Which split each image was given, in a file beside the records, for later runs to keep."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sightline.ground.errors import DataError, one_line
from sightline.ground.run_folders import ASSIGNMENT
from sightline.ground.storage.digests import text_digest
from sightline.stage.formats.columns import text_column
from sightline.stage.formats.records import SPLITS, Split
from sightline.stage.timing import writing

SCHEMA = "sightline.assignment"
VERSION = 1
COLUMNS = ("image", "group", "split")
MARKS = {b"sightline.schema": SCHEMA.encode(), b"sightline.schema_version": str(VERSION).encode()}
RULES = b"sightline.rules"
CHECKSUM = b"sightline.checksum"
"""Over rows and rules: Parquet's own checksums leave out its footer."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Splits that were given: an image is known by its pixels, and by its group."""

    rows: dict[str, tuple[str, Split]] = field(default_factory=dict)
    """Image -> its group and split."""
    rules: dict[str, str | float] = field(default_factory=dict)
    """The settings that it was made under, which a user changes to have another."""

    def by_group(self) -> dict[str, Split]:
        """Return the split of each group; of one that lies in several, the one to protect most."""
        found: dict[str, Split] = {}
        for group, split in self.rows.values():
            found[group] = protected_most(split, found.get(group, split))
        return found


def protected_most(*splits: Split) -> Split:
    """Return the split that leaks least into training: test, then validation."""
    return max(splits, key=SPLITS.index)


def write_assignment(folder: Path, assignment: Assignment) -> None:
    """Write `assignment.parquet`; the same assignment gives the same bytes."""
    rows = [(image, *rest) for image, rest in sorted(assignment.rows.items())]
    columns = [text_column([row[index] for row in rows]) for index in range(len(COLUMNS))]
    marks = {
        **MARKS,
        RULES: json.dumps(assignment.rules, sort_keys=True).encode(),
        CHECKSUM: _checksum(assignment),
    }
    schema = pa.schema([(name, pa.string()) for name in COLUMNS], metadata=marks)
    with writing():
        table = pa.table(columns, schema=schema)
        pq.write_table(table, folder / ASSIGNMENT, write_page_checksum=True)


def read_assignment(place: Path) -> Assignment:
    """Read the assignment of an earlier run: the file, or the records that it lies in.

    Raises:
        DataError: there is none, or it is no assignment of this version.
    """
    path = place / ASSIGNMENT if place.is_dir() else place
    if not path.is_file():
        raise DataError(
            f"{path}: expected the splits of an earlier run, found none. Name the records that "
            "preprocess of that run wrote, or set preprocess.splits_from to nothing."
        )
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        marks = table.schema.metadata or {}
        columns = ", ".join(table.column_names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _no_assignment(path, one_line(error)) from error
    if {key: marks.get(key) for key in MARKS} != MARKS:
        raise _no_assignment(path, f"its columns are {columns}")
    try:
        found = Assignment(dict(_rows(table.to_pylist())), json.loads(marks.get(RULES, b"{}")))
        whole = CHECKSUM not in marks or marks[CHECKSUM] == _checksum(found)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    if not whole:
        raise _damaged(path)
    return found


def _checksum(assignment: Assignment) -> bytes:
    rows = sorted((image, *rest) for image, rest in assignment.rows.items())
    return text_digest(json.dumps([rows, assignment.rules], sort_keys=True)).encode()


def _rows(rows: Iterable[dict[str, str]]) -> Iterable[tuple[str, tuple[str, Split]]]:
    names: dict[str, Split] = {split: split for split in SPLITS}
    for row in rows:
        yield row["image"], (row["group"], names[row["split"]])


def _damaged(path: Path) -> DataError:
    return DataError(
        f"{path}: expected splits as preprocess wrote them; they have changed since. Name those of "
        "another run in preprocess.splits_from, or none, which makes new ones."
    )


def _no_assignment(path: Path, received: str) -> DataError:
    return DataError(
        f"{path}: expected {SCHEMA} version {VERSION}, received something else ({received}). "
        "Name the records that preprocess of an earlier run wrote."
    )
