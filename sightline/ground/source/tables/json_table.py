"""Rows of a JSON document: a list of objects, alone or the only list, or what FiftyOne exports."""

import json
import posixpath
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from sightline.ground.errors import DataError
from sightline.ground.source.files import IMAGE_SUFFIXES, Files, counted_bytes, suffix
from sightline.ground.source.tables import fiftyone_rows
from sightline.ground.source.tables.cells import names_of, record_of
from sightline.ground.source.tables.csv_records import Record

MOST_BYTES = 1 << 28
EXPECTED = 'a list of objects such as [{"image": "1.jpg", "label": "cat"}]'


def read_records(files: Files, table: str) -> Iterator[Record]:
    """Yield the names of the columns, then a record per object.

    Raises:
        DataError: the document holds no such rows.
    """
    rows = _rows(files, table)
    if rows is None:
        raise DataError(
            f"{files.uri(table)}: expected {EXPECTED}, received JSON of another form. Write it so, "
            "or as a CSV table."
        )
    names = names_of(rows)
    yield Record(0, tuple(names))
    for number, row in enumerate(rows, start=1):
        if isinstance(row, dict):
            yield record_of(number, names, row)
        else:
            yield Record(number, (), f"expected an object, received {type(row).__name__}")


def holds_rows(files: Files, table: str) -> bool:
    """Tell whether a JSON document that lies in a folder is a table."""
    try:
        return _rows(files, table) is not None
    except DataError:
        return False


def _rows(files: Files, table: str) -> list[Any] | None:
    content = _load(files, table)
    if isinstance(content, dict):
        if fiftyone_rows.is_metadata(content):
            return None
        found = fiftyone_rows.rows_in(content, files, table, _manifest(files, table, content))
        if found is not None:
            return found
    return rows_of(content)


def rows_of(content: Any) -> list[Any] | None:
    """Return the rows of a document, or None where nothing tells which they are."""
    if isinstance(content, list):
        return content if any(isinstance(row, dict) for row in content) else None
    if not isinstance(content, dict):
        return None
    lists = [rows for value in content.values() if (rows := _objects(value)) is not None]
    if len(lists) == 1:
        return lists[0]
    if content and all(isinstance(value, str) for value in content.values()):
        named = [name for name in content if suffix(name) in IMAGE_SUFFIXES]
        if 2 * len(named) > len(content):
            return [{"image": name, "label": label} for name, label in content.items()]
    return None


def _objects(value: Any) -> list[Any] | None:
    is_rows = isinstance(value, list) and any(isinstance(row, dict) for row in value)
    return value if is_rows else None


def _manifest(files: Files, table: str, content: dict[str, Any]) -> Any:
    """Return what lies beside FiftyOne's labels and says where images are, if anything does."""
    beside = posixpath.join(posixpath.dirname(table), fiftyone_rows.MANIFEST)
    try:
        return _load(files, beside) if "labels" in content else None
    except DataError:
        return None


def _load(files: Files, table: str) -> Any:
    with closing(files.open(table)) as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise DataError(
            f"{files.uri(table)}: expected a JSON table of at most {counted_bytes(MOST_BYTES)}, "
            "received more. Write it as CSV or Parquet, which are read row by row."
        )
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{files.uri(table)}: expected {EXPECTED}, received no whole JSON ({error}). Export "
            "the table again."
        ) from error
