"""Rows of a Parquet table, with images beside it or, as Hugging Face writes them, inside it."""

import io
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.ground.source.files import Files
from sightline.ground.source.tables.cells import record_of
from sightline.ground.source.tables.csv_records import Record
from sightline.ground.source.tables.tables import INSIDE

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

INSIDE_URI = f"{INSIDE}://"
"""How a cell names an image that the table itself holds: by column, row and its old name."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a Parquet table."""

    name: str
    leaf: str
    """What to read for its cells; nothing where it holds bytes alone."""
    bytes_leaf: str
    """What holds the bytes of images; nothing where it has none."""
    classes: tuple[str, ...]
    """What its numbers stand for, where the table says so."""

    def cell(self, row: int, value: Any) -> Any:
        """Return what a CSV would have in this cell."""
        if self.bytes_leaf:
            path = (value or {}).get("path") if self.leaf else ""
            return f"{INSIDE_URI}{self.name}/{row}/{path or 'image'}"
        if self.classes:
            named = [self._named(one) for one in (value if isinstance(value, list) else [value])]
            return named if isinstance(value, list) else named[0]
        return value

    def _named(self, value: Any) -> Any:
        is_known = isinstance(value, int) and 0 <= value < len(self.classes)
        return self.classes[value] if is_known else (None if value == -1 else value)


def read_records(files: Files, table: str) -> Iterator[Record]:
    """Yield the names of the columns, then a record per row; bytes of images stay where they are.

    Raises:
        DataError: the file is no Parquet table.
    """
    with open_parquet(files, table) as parquet:
        columns = find_columns(parquet)
        names = [column.name for column in columns]
        yield Record(0, tuple(names))
        leaves = [column.leaf for column in columns if column.leaf]
        number = 0
        for batch in _batches(files, table, parquet, leaves):
            for values in batch.to_pylist() if leaves else [{}] * batch.num_rows:
                number += 1
                row = {one.name: one.cell(number, values.get(one.name)) for one in columns}
                yield record_of(number, names, row)


@contextmanager
def open_parquet(files: Files, table: str) -> "Iterator[ParquetFile]":
    """Open a table; its stream closes with it.

    Raises:
        DataError: the file is no Parquet table.
    """
    stream, parquet = open_once(files, table)
    with closing(stream):
        yield parquet


def find_columns(parquet: "ParquetFile") -> list[Column]:
    """Tell which columns hold images and which hold numbers of classes."""
    import pyarrow

    schema = parquet.schema_arrow
    told = _features(schema.metadata or {})
    columns = []
    for at in schema:
        kind, leaf, bytes_leaf = at.type, at.name, ""
        if pyarrow.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
            bytes_leaf = f"{at.name}.bytes"
            leaf = f"{at.name}.path" if kind.get_field_index("path") >= 0 else ""
        elif pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
            leaf, bytes_leaf = "", at.name
        columns.append(Column(at.name, leaf, bytes_leaf, told.get(at.name, ())))
    return columns


def open_once(files: Files, table: str) -> "tuple[IO[bytes], ParquetFile]":
    """Open a table, and leave it to the caller to close its stream.

    Raises:
        DataError: the file is no Parquet table.
    """
    import pyarrow
    from pyarrow.parquet import ParquetFile

    stream = files.open(table)
    if files.sequential:  # to its end and back, for each part that is read
        stream = io.BytesIO(stream.read())
    try:
        return stream, ParquetFile(stream, page_checksum_verification=True)
    except (pyarrow.ArrowException, OSError) as error:
        stream.close()
        raise _damaged(files, table, error) from error


def _batches(
    files: Files, table: str, parquet: "ParquetFile", leaves: list[str]
) -> "Iterator[RecordBatch]":
    try:
        yield from parquet.iter_batches(columns=leaves)
    except (OSError, ValueError) as error:
        raise _damaged(files, table, error) from error


def _features(metadata: dict[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """Return the names of classes by column, as Hugging Face's datasets keep them."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        found = {}
        for name, feature in features.items():
            inner = feature.get("feature", feature) if isinstance(feature, dict) else {}
            if isinstance(inner, dict) and inner.get("_type") == "ClassLabel":
                found[name] = tuple(map(str, inner["names"]))
        return found
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _damaged(files: Files, table: str, error: Exception) -> DataError:
    return DataError(
        f"{files.uri(table)}: expected a whole Parquet table, received something else "
        f"({str(error).splitlines()[0]}). Copy or export the table again."
    )
