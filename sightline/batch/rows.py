"""Answers as rows: a Parquet file for each shard, whose columns follow the kind of problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

BEFORE = {"id": pa.string(), "uri": pa.string(), "row": pa.int64()}
SAID = {"answer": pa.string(), "sureness": pa.string(), "confidence": pa.float64()}
AFTER = {"version": pa.string(), "error": pa.string()}
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
    last = [name for name in found.names if name in AFTER or name.startswith(GIVEN_PREFIX)]
    first = [name for name in found.names if name not in last]
    return pa.schema([found.field(name) for name in (*first, *last)])


def _table(rows: Sequence[Row], example: Mapping[str, Any], columns: Sequence[str]) -> "pa.Table":
    cells = [row.answer.cells for row in rows]
    kinds: dict[str, Any] = {}
    for one in (example, *cells):
        for name, value in one.items():
            if kinds.get(name, pa.int64()) == pa.int64():
                kinds[name] = _kind(value)
    plain: dict[str, tuple[Any, Sequence[Any]]] = {
        "id": (BEFORE["id"], [row.id or None for row in rows]),
        "uri": (BEFORE["uri"], [row.item.uri for row in rows]),
        "row": (BEFORE["row"], [row.item.row for row in rows]),
        "answer": (SAID["answer"], [row.answer.title or None for row in rows]),
        "sureness": (SAID["sureness"], [row.answer.sureness or None for row in rows]),
        "confidence": (SAID["confidence"], [row.answer.confidence for row in rows]),
        **{name: (kind, [one.get(name) for one in cells]) for name, kind in kinds.items()},
        "version": (AFTER["version"], [_version(row.answer) for row in rows]),
        "error": (AFTER["error"], [row.answer.error for row in rows]),
        **{
            GIVEN_PREFIX + name: (pa.string(), [row.item.given.get(name) for row in rows])
            for name in columns
        },
    }
    arrays = [pa.array(list(map(_storable, values)), kind) for kind, values in plain.values()]
    return pa.Table.from_arrays(arrays, names=list(plain))


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
