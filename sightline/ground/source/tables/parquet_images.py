"""Images that a Parquet table holds itself."""

import io
import weakref
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from sightline.ground.source.files import Entry, Files, counted_bytes, printable
from sightline.ground.source.refusals import DAMAGED, TOO_MANY_BYTES, UNREADABLE, RefusedError
from sightline.ground.source.tables.parquet_table import INSIDE_URI, find_columns, open_once

if TYPE_CHECKING:
    from pyarrow import RecordBatch

ROWS_AT_ONCE = 32


class ParquetImages:
    """Images inside a Parquet table, read fastest in the order of its rows."""

    sequential = True

    def __init__(self, files: Files, table: str) -> None:
        self._files, self._table = files, table
        self.location, self.remote = files.uri(table), files.remote
        self._batches: Iterator[RecordBatch] = iter(())
        self._batch: RecordBatch | None = None
        self._column, self._first = "", 1

    def listing(self) -> Iterator[Entry]:
        """Yield nothing: the rows of the table name what there is."""
        yield from ()

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return the bytes of an image by its column and row."""
        column, _, rest = path.removeprefix(INSIDE_URI).partition("/")
        number = rest.partition("/")[0]
        data = self._value(column, int(number)) if number.isdecimal() else None
        if data is None:
            raise RefusedError(UNREADABLE, "the table holds no bytes in this row")
        if len(data) > max_bytes:
            raise RefusedError(TOO_MANY_BYTES, counted_bytes(len(data)))
        return data

    def open(self, path: str) -> IO[bytes]:
        """Open the image as a stream."""
        return io.BytesIO(self.read(path, max_bytes=1 << 62))

    def uri(self, path: str) -> str:
        """Return the table and the row."""
        return printable(f"{self.location}#{path.removeprefix(INSIDE_URI)}")

    def locate(self, path: str) -> str:
        """Return the path as it is."""
        return path

    def position(self, path: str) -> int:
        """Return the row."""
        return int(path.removeprefix(INSIDE_URI).split("/")[1])

    def _value(self, column: str, number: int) -> bytes | None:
        if column != self._column or number < self._first or self._batch is None:
            self._begin(column)
        while self._batch is not None and number >= self._first + self._batch.num_rows:
            self._first += self._batch.num_rows
            self._batch = self._next()
        if self._batch is None:
            return None
        value = self._batch.column(0)[number - self._first].as_py()
        found = value.get("bytes") if isinstance(value, dict) else value
        return found if isinstance(found, bytes) else None

    def _begin(self, column: str) -> None:
        stream, parquet = open_once(self._files, self._table)
        # Rows are also read after the table was, by whoever looks at a sample of them.
        weakref.finalize(self, stream.close)
        columns = find_columns(parquet)
        leaves = [one.bytes_leaf for one in columns if one.name == column and one.bytes_leaf]
        self._batches = parquet.iter_batches(ROWS_AT_ONCE, columns=leaves)
        self._column, self._first = column, 1
        self._batch = self._next() if leaves else None

    def _next(self) -> "RecordBatch | None":
        try:
            return next(self._batches, None)
        except (OSError, ValueError) as error:
            raise RefusedError(DAMAGED, f"in the table: {error}") from error
