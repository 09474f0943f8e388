"""The rows of any table with columns, its names first where it has them."""

from collections.abc import Iterator
from dataclasses import replace

from sightline.ground.source.files import JSONL_SUFFIXES, Files, suffix
from sightline.ground.source.settings import TableFormat
from sightline.ground.source.tables import json_table, parquet_table
from sightline.ground.source.tables.csv_records import Record
from sightline.ground.source.tables.csv_records import read_records as read_csv
from sightline.ground.source.tables.spreadsheets import restored
from sightline.ground.source.tables.tables import open_lines


def format_of(table: str, wanted: str = "auto") -> TableFormat:
    """Return how a table is written: as the settings say, else by its name."""
    if wanted in ("csv", "jsonl", "json", "parquet"):
        return wanted  # type: ignore[return-value]  # one of these
    ending = suffix(table)
    if ending in JSONL_SUFFIXES:
        return "jsonl"
    return "json" if ending == ".json" else "parquet" if ending == ".parquet" else "csv"


def read_records(files: Files, table: str, table_format: TableFormat) -> Iterator[Record]:
    """Yield the records of a table.

    Raises:
        DataError: the file is no such table.
    """
    match table_format:
        case "json":
            yield from json_table.read_records(files, table)
        case "parquet":
            yield from parquet_table.read_records(files, table)
        case _:
            with open_lines(files, table) as lines:
                for record in read_csv(lines):
                    yield replace(record, cells=tuple(map(restored, record.cells)))
