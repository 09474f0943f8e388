"""Shards of answers put together: one table for people, programs or both."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sightline.batch.rows import read_rows, schema_of
from sightline.ground.source.tables.spreadsheets import defused
from sightline.ground.storage.files import whole
from sightline.stage.timing import writing

ROWS_TOGETHER = 10_000
"""Rows of a group in a Parquet file, whatever the shards held."""


Form = Literal["csv", "parquet", "jsonl"]


@dataclass(frozen=True, slots=True)
class Output:
    """A table to write."""

    path: Path
    form: Form


def _pass(path: Path) -> None:
    """Do nothing."""


def join(answers: Sequence[Path], output: Output, written: Callable[[Path], None] = _pass) -> None:
    """Write shards of answers as one table, in their order.

    The same answers give the same bytes, however they were cut into shards; one group of rows is
    in memory at any time.

    Args:
        answers: shards of answers.
        output: the table.
        written: hears of the table where it is whole and not yet in its place.

    Raises:
        DataError: a shard is damaged.
    """
    schema = schema_of(answers)
    with whole(output.path) as partial, writing():
        _WRITERS[output.form](partial, schema, _groups(answers, schema))
        written(partial)


def _groups(answers: Sequence[Path], schema: "pa.Schema") -> "Iterator[pa.Table]":
    """Yield all rows in groups of the same size."""
    held: list[pa.Table] = []
    num_held = 0
    for path in answers:
        shard = _fitted(read_rows(path), schema)
        held.append(shard)
        num_held += shard.num_rows
        while num_held >= ROWS_TOGETHER:
            table = pa.concat_tables(held)
            yield table.slice(0, ROWS_TOGETHER)
            held, num_held = [table.slice(ROWS_TOGETHER)], num_held - ROWS_TOGETHER
    if num_held:
        yield pa.concat_tables(held)


def _fitted(table: "pa.Table", schema: "pa.Schema") -> "pa.Table":
    """Return a table with the columns of all; what it lacks is null."""
    columns = [
        table.column(one.name).cast(one.type)
        if one.name in table.column_names
        else pa.nulls(table.num_rows, one.type)
        for one in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _write_parquet(path: Path, schema: "pa.Schema", groups: "Iterator[pa.Table]") -> None:
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        for group in groups:
            # Where shards met would show in the file, since pages end at the ends of chunks.
            writer.write_table(group.combine_chunks(), row_group_size=ROWS_TOGETHER)


def _write_csv(path: Path, schema: "pa.Schema", groups: "Iterator[pa.Table]") -> None:
    """Write lines that spreadsheets show as they are, with the mark by which they know UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(map(defused, schema.names))
        for group in groups:
            columns = [map(_cell, column.to_pylist()) for column in group.columns]
            table.writerows(zip(*columns, strict=True))


def _write_jsonl(path: Path, schema: "pa.Schema", groups: "Iterator[pa.Table]") -> None:
    with path.open("w", encoding="ascii") as stream:
        for group in groups:
            stream.writelines(f"{json.dumps(row)}\n" for row in group.to_pylist())


def _cell(value: Any) -> Any:
    return defused(value) if isinstance(value, str) else value


_WRITERS: dict[Form, Callable[[Path, Any, Any], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "jsonl": _write_jsonl,
}
