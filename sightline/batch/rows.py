"""Answers as rows: a Parquet file for each shard, whose columns follow the kind of problem."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sightline.batch.items import Item
from sightline.client.answers import Answer
from sightline.ground.errors import DataError
from sightline.ground.storage.files import whole
from sightline.ground.wording import visible
from sightline.stage.timing import writing

GIVEN_PREFIX = "given."
"""What begins the columns that a table of images had of its own."""
MARK = b"sightline.mark"


@dataclass(frozen=True, slots=True)
class Row:
    """One image with what was said about it."""

    item: Item
    id: str
    """SHA-256 of the image's bytes; empty where they could not be read."""
    answer: Answer


Column = tuple[Any, Callable[[Row], Any]]
"""What a column holds, and the cell of a row."""
BEFORE: Mapping[str, Column] = {
    "id": (pa.string(), lambda row: row.id or None),
    "uri": (pa.string(), lambda row: row.item.uri),
    "row": (pa.int64(), lambda row: row.item.row),
    "answer": (pa.string(), lambda row: row.answer.title or None),
    "sureness": (pa.string(), lambda row: row.answer.sureness or None),
    "confidence": (pa.float64(), lambda row: row.answer.confidence),
}
"""Columns in front of those of the kind of problem."""
AFTER: Mapping[str, Column] = {
    "version": (pa.string(), lambda row: _version(row.answer)),
    "error": (pa.string(), lambda row: row.answer.error),
}


def write_rows(
    path: Path,
    rows: Sequence[Row],
    *,
    example: Mapping[str, Any],
    columns: Sequence[str],
    mark: str,
) -> None:
    """Write answers, whole or not at all, under a mark that says of what and by what they are.

    Args:
        path: what to write.
        rows: in the order of their images.
        example: cells of some answer, so that the columns are the same where all are refused.
        columns: what a table says of its images.
        mark: read again by `read_mark`.
    """
    table = _table(rows, example, columns).replace_schema_metadata({MARK: mark})
    with whole(path) as partial, writing():
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def read_mark(path: Path) -> str:
    """Return the mark of a file of answers; empty where there is none that can be read."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowException):
        return ""
    return str(metadata.get(MARK, b"").decode())


def read_rows(path: Path) -> "pa.Table":
    """Read a shard's answers.

    Raises:
        DataError: there are none, or they are damaged.
    """
    try:
        return pq.read_table(path, page_checksum_verification=True).replace_schema_metadata(None)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected the answers of a shard, received something else ({error}). "
            "Predict it again."
        ) from error


@dataclass(frozen=True, slots=True)
class Counts:
    """What a file of answers holds."""

    num_images: int
    num_refused: int
    """Images without an answer, among them."""
    versions: frozenset[str]
    """Versions of the model that gave the others."""


def count_rows(path: Path) -> Counts:
    """Count what a file of answers holds."""
    table = pq.read_table(path, columns=["error", "version"])
    errors = table.column("error")
    versions = frozenset(filter(None, table.column("version").unique().to_pylist()))
    return Counts(len(errors), len(errors) - errors.null_count, versions)


def schema_of(paths: Sequence[Path]) -> "pa.Schema":
    """Return the columns of several files of answers together, in the order of the first ones.

    Another version of a server's model may have had other classes.
    """
    schemas = [pq.read_schema(path).remove_metadata() for path in paths]
    # What is a whole number in one file may have a fraction in another.
    found = (
        pa.unify_schemas(schemas, promote_options="permissive")
        if schemas
        else _table((), {}, ()).schema
    )
    last = [name for name in found.names if _is_last(name)]
    first = [name for name in found.names if name not in last]
    return pa.schema([found.field(name) for name in (*first, *last)])


def own_columns(names: Sequence[str]) -> list[str]:
    """Return the columns that the kind of problem has for what it answers."""
    return [name for name in names if name not in BEFORE and not _is_last(name)]


def _is_last(name: str) -> bool:
    return name in AFTER or name.startswith(GIVEN_PREFIX)


def _table(rows: Sequence[Row], example: Mapping[str, Any], columns: Sequence[str]) -> "pa.Table":
    kinds: dict[str, Any] = {}
    for one in (example, *(row.answer.cells for row in rows)):
        for name, value in one.items():
            if kinds.get(name, pa.int64()) == pa.int64():
                kinds[name] = _kind(value)
    listed: dict[str, Column] = {
        **BEFORE,
        **{name: (kind, partial(_told, name)) for name, kind in kinds.items()},
        **AFTER,
        **{GIVEN_PREFIX + name: (pa.string(), partial(_given, name)) for name in columns},
    }
    arrays = [
        pa.array([_storable(cell(row)) for row in rows], kind) for kind, cell in listed.values()
    ]
    return pa.Table.from_arrays(arrays, names=list(listed))


def _told(name: str, row: Row) -> Any:
    return row.answer.cells.get(name)


def _given(name: str, row: Row) -> str | None:
    return row.item.given.get(name)


def _kind(value: Any) -> Any:
    if isinstance(value, str):
        return pa.string()
    if isinstance(value, bool):
        return pa.bool_()
    return pa.int64() if isinstance(value, int) else pa.float64()


def _version(answer: Answer) -> str | None:
    """Return which version answered; nobody did where the image is refused."""
    return None if answer.version is None or answer.error else str(answer.version)


def _storable(value: Any) -> Any:
    """Return text that UTF-8 can hold: a file name may hold bytes that are no text."""
    return visible(value) if isinstance(value, str) and not value.isprintable() else value
