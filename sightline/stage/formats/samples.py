"""Samples: what a server answered to a share of images, as Parquet that monitoring reads."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sightline.ground.errors import DataError, one_line
from sightline.stage.closing import Closing
from sightline.stage.formats.columns import (
    array_column,
    bytes_column,
    list_column,
    number_column,
    text_column,
)
from sightline.stage.formats.schema import check_version

SCHEMA = "sightline.samples"
VERSION = 1
BATCH_BYTES = 1 << 20
BATCH_ROWS = 200
PATTERN = "samples-*.parquet"
UNFINISHED = ".samples-*.parquet.part"
ABANDONED_SECONDS = 86_400.0
Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One image that was answered."""

    time: datetime
    version: int
    request_id: str
    id: str
    """SHA-256 of the image's bytes, in hexadecimal digits, as in a dataset."""
    embedding: Floats | None
    """What the head saw of it; None where the engine does not tell."""
    outputs: Mapping[str, Floats]
    """What the network gave, such as `probabilities`, in its own shape."""
    image: bytes | None = None
    """None where images are not kept."""

    @property
    def num_bytes(self) -> int:
        """Return about how many bytes it takes."""
        arrays = [*self.outputs.values(), *([] if self.embedding is None else [self.embedding])]
        return 200 + sum(one.nbytes for one in arrays) + len(self.image or b"")


@dataclass(slots=True)
class SampleWriter(Closing):
    """Write samples into whole shards; where they take more than they may, the oldest go."""

    folder: Path
    max_bytes: int
    shard_bytes: int
    shard_seconds: float
    written: int = 0
    """Samples in whole shards."""
    lost: int = 0
    """Samples that could not be written."""
    _in_shard: int = 0
    _rows: list[Sample] = field(default_factory=list)
    _row_bytes: int = 0
    _began: float = 0.0
    _shard: pq.ParquetWriter | None = None
    _part: Path = Path()

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(UNFINISHED):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                left.unlink(missing_ok=True)

    def add(self, sample: Sample) -> None:
        """Append a sample."""
        if self._shard is None and not self._rows:
            self._began = time.monotonic()
        self._rows.append(sample)
        self._row_bytes += sample.num_bytes
        if self._row_bytes >= BATCH_BYTES or len(self._rows) >= BATCH_ROWS:
            self._write_rows()
        self.rotate()

    def rotate(self, *, now: bool = False) -> None:
        """Finish the shard where it is large or old enough, or at once."""
        if self._shard is None and not self._rows:
            return
        size = self._part.stat().st_size if self._shard else 0
        is_old = time.monotonic() - self._began >= self.shard_seconds
        if now or is_old or size >= self.shard_bytes:
            self._write_rows()
            self._finish()

    def close(self) -> None:
        self.rotate(now=True)

    def discard(self) -> None:
        """Give up what is not in a whole shard, where the disk takes no more."""
        self.lost += self._in_shard + len(self._rows)
        shard, self._shard = self._shard, None
        self._rows, self._row_bytes, self._in_shard = [], 0, 0
        with suppress(OSError):
            if shard is not None:
                shard.close()
        with suppress(OSError):
            self._part.unlink()

    def _write_rows(self) -> None:
        if not self._rows:
            return
        if self._shard is None:
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            # A name of its own, as several servers may share a folder.
            self._part = self.folder / f".samples-{stamp}-{uuid.uuid4().hex[:8]}.parquet.part"
            self._shard = pq.ParquetWriter(
                self._part, ARROW_SCHEMA, compression="zstd", write_page_checksum=True
            )
        self._shard.write_table(_to_table(self._rows))
        self._in_shard += len(self._rows)
        self._rows, self._row_bytes = [], 0
        self._make_room()

    def _finish(self) -> None:
        assert self._shard  # noqa: S101 - rows have just been written
        self._shard.close()
        self._shard = None
        self._part.rename(self.folder / self._part.name.removeprefix(".").removesuffix(".part"))
        self.written += self._in_shard
        self._in_shard = 0
        self._make_room()

    def _make_room(self) -> None:
        own = self._part.stat().st_size if self._part.name and self._part.exists() else 0
        shards = [(path, path.stat().st_size) for path in sorted(self.folder.glob(PATTERN))]
        total = own + sum(size for _, size in shards)
        for path, size in shards:
            if total <= self.max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size


def read_samples(
    folder: Path, *, since: datetime | None = None, columns: Sequence[str] | None = None
) -> Iterator[Sample]:
    """Yield samples, the oldest shard first, a batch in memory at a time.

    Args:
        folder: where a server writes, also while it does.
        since: yield those from then on only.
        columns: leave `embedding`, `outputs` or `image` empty where they are not named here.

    Raises:
        DataError: a shard is damaged, or has another schema version.
    """
    needed = ["time", "version", "request_id", "id"]
    chosen = None if columns is None else [*needed, *columns]
    for path in sorted(folder.glob(PATTERN)):
        try:
            shard = pq.ParquetFile(path, page_checksum_verification=True)
            _check_schema(path, shard)
            for index in range(shard.num_row_groups):
                for row in shard.read_row_group(index, columns=chosen).to_pylist():
                    if since is None or row["time"] >= since:
                        yield _to_sample(row)
        except FileNotFoundError:  # the server has made room
            continue
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError(
                f"{path}: expected a Parquet shard of samples, received a damaged one "
                f"({one_line(error)}). Remove it; the others can be read without it."
            ) from error


def _check_schema(path: Path, shard: "pq.ParquetFile") -> None:
    metadata = shard.schema_arrow.metadata or {}
    version = metadata.get(b"sightline.schema_version", b"").decode()
    document = {
        "schema": metadata.get(b"sightline.schema", b"").decode() or None,
        "schema_version": int(version) if version.isdigit() else None,
    }
    check_version(path, document, SCHEMA, VERSION)


_FLOATS = pa.list_(pa.float32())
ARROW_SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("us", tz="UTC")),
        ("version", pa.int64()),
        ("request_id", pa.string()),
        ("id", pa.string()),
        ("embedding", _FLOATS),
        (
            "outputs",
            pa.list_(
                pa.struct(
                    [("name", pa.string()), ("shape", pa.list_(pa.int32())), ("values", _FLOATS)]
                )
            ),
        ),
        ("image", pa.binary()),
    ],
    metadata={"sightline.schema": SCHEMA, "sightline.schema_version": str(VERSION)},
)


def _to_table(rows: Sequence[Sample]) -> Any:
    outputs = [(name, values) for row in rows for name, values in row.outputs.items()]
    shapes = [np.asarray(values.shape, np.int32) for _, values in outputs]
    parts = [
        text_column([name for name, _ in outputs]),
        array_column(shapes or [np.empty(0, np.int32)])[: len(shapes)],
        array_column([values for _, values in outputs]),
    ]
    told = pa.StructArray.from_arrays(
        parts, fields=list(ARROW_SCHEMA.field("outputs").type.value_type)
    )
    columns = [
        number_column([_microseconds(row.time) for row in rows], ARROW_SCHEMA.field("time").type),
        number_column([row.version for row in rows], pa.int64()),
        text_column([row.request_id for row in rows]),
        text_column([row.id for row in rows]),
        array_column([row.embedding for row in rows]),
        list_column([row.outputs for row in rows], told),
        bytes_column([row.image for row in rows]),
    ]
    return pa.Table.from_arrays(columns, schema=ARROW_SCHEMA)


def _microseconds(time: datetime) -> int:
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _to_sample(row: Mapping[str, Any]) -> Sample:
    embedding = row.get("embedding")
    return Sample(
        time=row["time"],
        version=row["version"],
        request_id=row["request_id"],
        id=row["id"],
        embedding=None if embedding is None else np.asarray(embedding, np.float32),
        outputs={
            one["name"]: np.asarray(one["values"], np.float32).reshape(one["shape"])
            for one in row.get("outputs") or ()
        },
        image=row.get("image"),
    )
