"""A file of costs by truth and answer: a CSV table, or a mapping in YAML or JSON."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import suffix
from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.remote.remote_files import fetch
from sightline.ground.source.tables.csv_records import read_records
from sightline.ground.storage.addresses import REMOTE_SCHEMES, revealed, scheme_of
from sightline.ground.storage.redaction import redact
from sightline.problems._costs.table import REJECTED, CostTable

EXPECTED = (
    "a row per true class and a column per answered class, each cell a number of 0 or more, and "
    f"perhaps a column '{REJECTED}'"
)
REMEDY = "Correct the file that train.cost_table names."
MOST_BYTES = 1 << 24
Rows = Mapping[str, Mapping[str, Any]]


def read_cost_table(address: str, classes: Sequence[str]) -> CostTable:
    """Read a table for these classes.

    Raises:
        DataError: it cannot be read, or is not of these classes and numbers.
    """
    try:
        return _table(_rows(_bytes(revealed(address)), suffix(address)), classes)
    except (ValueError, OSError, RefusedError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"{redact(address)}: expected {EXPECTED}; received {told}. {REMEDY}"
        ) from error


def _bytes(address: str) -> bytes:
    if scheme_of(address) in REMOTE_SCHEMES:
        return fetch(address, max_bytes=MOST_BYTES)
    return Path(address.removeprefix("file://")).read_bytes()


def _rows(data: bytes, ending: str) -> Rows:
    """Return true class -> answered class -> cell."""
    text = data.decode("utf-8-sig")
    return _mapped(text) if ending in (".yaml", ".yml", ".json") else _tabled(text)


def _mapped(text: str) -> Rows:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(found, dict) or not all(isinstance(row, dict) for row in found.values()):
        raise ValueError("no mapping of true classes to mappings of answered classes to costs")
    return {str(name): {str(key): cell for key, cell in row.items()} for name, row in found.items()}


def _tabled(text: str) -> Rows:
    records = list(read_records(text.splitlines(keepends=True)))
    if not records:
        raise ValueError("an empty file")
    header = [cell.strip() for cell in records[0].cells[1:]]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise ValueError(f"column {shorten(twice)} twice")
    rows: dict[str, dict[str, Any]] = {}
    for record in records[1:]:
        if record.problem or len(record.cells) != len(header) + 1:
            told = record.problem or f"{len(record.cells)} cells, not {len(header) + 1},"
            raise ValueError(f"{told} in line {record.line}")
        name = record.cells[0].strip()
        if name in rows:
            raise ValueError(f"row '{name}' again in line {record.line}")
        rows[name] = dict(zip(header, record.cells[1:], strict=True))
    return rows


def _table(rows: Rows, classes: Sequence[str]) -> CostTable:
    named = {name for row in rows.values() for name in row}
    rejects = REJECTED in named and REJECTED not in classes
    _refuse("row", set(rows) - set(classes), "of no class of the data", classes)
    _refuse("column", named - {*classes, REJECTED}, "of no class of the data", classes)
    _refuse("row", set(classes) - set(rows), "missing", classes)
    table = CostTable(
        answers=tuple(tuple(_cost(rows, row, name) for name in classes) for row in classes),
        rejected=tuple(_cost(rows, row, REJECTED) for row in classes) if rejects else (),
    )
    for at, (name, row) in enumerate(zip(classes, table.answers, strict=True)):
        if row[at] > min(row) or row[at] == max(row):
            other = classes[row.index(min(row))] if row[at] > min(row) else "each other class"
            raise ValueError(
                f"row '{name}' where the right answer costs {row[at]:g}, no less than {other}"
            )
    return table


def _refuse(kind: str, names: set[str], why: str, classes: Sequence[str]) -> None:
    if names:
        raise ValueError(f"{kind} {shorten(sorted(names))} {why} (classes: {shorten(classes)})")


def _cost(rows: Rows, row: str, column: str) -> float:
    """Return a cell; that of the right answer may be left out and is 0."""
    cell = rows[row].get(column, "")
    text = "" if cell is None else str(cell).strip()
    if not text and row == column:
        return 0.0
    where = f"at truth '{row}', answer '{column}'"
    if not text:
        raise ValueError(f"nothing {where}")
    try:
        value = math.nan if isinstance(cell, bool) else float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"'{text}' {where}")
    return value
