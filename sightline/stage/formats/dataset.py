"""The dataset artifact: encoded images with their labels, as sharded Parquet."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sightline.ground.errors import DataError, one_line
from sightline.ground.problems import FIRST_KIND
from sightline.stage.closing import Closing
from sightline.stage.formats.columns import (
    bytes_column,
    number_column,
    text_column,
    text_list_column,
)
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.imaging.contract import Range
from sightline.stage.timing import writing

SCHEMA = "sightline.dataset"
VERSION = 1
SLICE_PREFIX = "slice."
PIXELS = "pixels"
REVIEW, GIVEN = "review", "given"
CHECKED = "checked"
ADDED = (PIXELS, REVIEW, GIVEN, CHECKED)
"""Columns that datasets from before lack; None stands in all of their rows."""
CONFIRMED, RELABELLED = "confirmed", "relabelled"
"""What a person decided about the label of an image; such an image is not asked for again."""
SHARD_BYTES = 256 * 2**20
BATCH_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One image as it was received, with what is known about it."""

    id: str
    """SHA-256 of the image's bytes, in hexadecimal digits."""
    uri: str
    image: bytes
    labels: tuple[str, ...]
    split: str | None
    """`train`, `validation`, `test`, or None where the source gives no split."""
    width: int
    height: int
    mode: str
    """Pillow's mode of the image as received, such as `RGB`, `P` or `CMYK`."""
    format: str
    """Pillow's name of the file format, such as `JPEG`."""
    group: str
    """Examples of one group never lie in two splits; the id where no group is known."""
    pixels: str | None = field(default=None, compare=False)
    """Hash of the upright pixels, equal for copies in any lossless format; label_check adds it."""
    review: str | None = field(default=None, compare=False)
    """What a person decided about its label, `confirmed` or `relabelled`; None for no decision."""
    given: str | None = field(default=None, compare=False)
    """The label of the source, where a correction replaced it."""
    checked: str | None = field(default=None, compare=False)
    """What label_check measured and doubts of it, as JSON (`formats/checked.py`)."""
    slices: dict[str, str] = field(default_factory=dict)
    """Further columns of the source, by name."""
    target: Any = None
    """What the kind of problem keeps beside the labels, such as boxes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """What `dataset.json` says about a dataset."""

    problem: str = FIRST_KIND
    """The kind of problem that the targets are for."""
    num_examples: int
    classes: tuple[str, ...]
    """Class names in their one order; a label's index is its place in this list."""
    class_counts: dict[str, int]
    split_counts: dict[str, int]
    fingerprint: str
    """Hash over ids, targets, splits, groups and slices, whatever the order of the images."""
    source: str
    slices: tuple[str, ...]
    value_range: Range | None = None
    """Black and white of images with more than 8 bits a sample that name no white; None takes all
    of their type, and is not written."""
    corrections: dict[str, int] | None = None
    """What became of `ingest.corrections` -> how many; not written where there were none."""
    about: dict[str, Any] | None = None
    """What the kind of problem knows of the images together; not written where it is nothing."""


OPTIONAL = ("value_range", "corrections", "about")


class DatasetWriter(Closing):
    """Write examples into Parquet shards of about 256 MB, with memory for one batch."""

    def __init__(
        self,
        folder: Path,
        *,
        slices: Sequence[str] = (),
        problem: str = FIRST_KIND,
        target: "pa.DataType | None" = None,
        value_range: Range | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin a dataset.

        Args:
            folder: where to write.
            slices: names of the source's further columns.
            problem: the kind of problem.
            target: the type of the column `target`, where the kind has one.
            value_range: black and white of images deeper than 8 bits that do not name them.
            about: what the kind of problem knows of the images together.
        """
        self._folder = folder
        self._slices = tuple(slices)
        self._problem = problem
        self._value_range = value_range
        self._about = dict(about) if about else None
        self._schema = _arrow_schema(self._slices, target)
        self._rows: list[Example] = []
        self._batch_bytes = self._shard_bytes = self._num_shards = 0
        self._shard: pq.ParquetWriter | None = None
        self._classes: Counter[str] = Counter()
        self._splits: Counter[str] = Counter()
        self._keys: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, example: Example) -> None:
        """Append an example."""
        self._rows.append(example)
        self._batch_bytes += len(example.image)
        self._classes.update(example.labels)
        self._splits[example.split or ""] += 1
        self._keys.append(_key(example))
        if self._batch_bytes >= BATCH_BYTES:
            self._flush()

    def finish(
        self,
        *,
        classes: Sequence[str],
        source: str,
        corrections: Mapping[str, int] | None = None,
    ) -> DatasetInfo:
        """Write what is left and `dataset.json`; `classes` is the order of class names."""
        self._flush()
        self._close_shard()
        info = DatasetInfo(
            problem=self._problem,
            num_examples=len(self._keys),
            classes=tuple(classes),
            class_counts={name: self._classes[name] for name in classes},
            split_counts={k: v for k, v in sorted(self._splits.items()) if k},
            fingerprint=hashlib.sha256("\n".join(sorted(self._keys)).encode()).hexdigest(),
            source=source,
            slices=self._slices,
            value_range=self._value_range,
            corrections=dict(corrections) if corrections else None,
            about=self._about,
        )
        content = {name: getattr(info, name) for name in info.__dataclass_fields__}
        for name in OPTIONAL:
            if content[name] is None:
                del content[name]
        write_document(self._folder / "dataset.json", SCHEMA, VERSION, content)
        return info

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._shard is None:
            path = self._folder / f"part-{self._num_shards:05d}.parquet"
            # Images do not repeat: to look for equal ones costs a fifth of the time to write them.
            repeating = [name for name in self._schema.names if name != "image"]
            self._shard = pq.ParquetWriter(
                path,
                self._schema,
                compression="NONE",
                use_dictionary=repeating,
                write_page_checksum=True,
            )
            self._num_shards += 1
        with writing():
            self._shard.write_table(_to_table(self._rows, self._schema, self._slices))
        self._shard_bytes += self._batch_bytes
        self._rows, self._batch_bytes = [], 0
        if self._shard_bytes >= SHARD_BYTES:
            self._close_shard()

    def close(self) -> None:
        self._close_shard()

    def _close_shard(self) -> None:
        if self._shard is not None:
            self._shard.close()
        self._shard, self._shard_bytes = None, 0


def read_info(folder: Path) -> DatasetInfo:
    """Read `dataset.json`.

    Raises:
        DataError: there is none, or it has another schema version.
    """
    document = read_document(folder / "dataset.json", SCHEMA, VERSION)
    document.setdefault("problem", FIRST_KIND)
    document = {**dict.fromkeys(OPTIONAL), **document}
    low_and_high = document["value_range"]
    fields = {name: document[name] for name in DatasetInfo.__dataclass_fields__}
    fields["classes"] = tuple(fields["classes"])
    fields["slices"] = tuple(fields["slices"])
    fields["value_range"] = low_and_high and tuple(low_and_high)
    return DatasetInfo(**fields)


def read_examples(folder: Path, *, ids: Collection[str] | None = None) -> Iterator[Example]:
    """Yield examples in the order they were written, a batch in memory at a time.

    Args:
        folder: a dataset artifact.
        ids: yield these only.
    """
    info = read_info(folder)
    wanted = None if ids is None else pa.array(list(ids), pa.string())
    for table in _batches(folder, columns=None):
        # Bytes of other images are never copied.
        chosen = table if wanted is None else table.filter(pc.is_in(table["id"], wanted))
        for row in chosen.to_pylist():
            yield _to_example(row, info.slices)


def read_columns(folder: Path, columns: Sequence[str]) -> dict[str, list[Any]]:
    """Read whole columns, such as `id`, `labels` or `slice.camera`, in the order of the rows.

    Columns that datasets from before lack are None in all rows.
    """
    read_info(folder)
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for table in _batches(folder, columns=list(columns)):
        for name in columns:
            if name in ADDED and name not in table.column_names:
                values[name].extend([None] * table.num_rows)
            else:
                values[name].extend(table.column(name).to_pylist())
    return values


def _batches(folder: Path, columns: list[str] | None) -> Iterator[Any]:
    for path in sorted(folder.glob("part-*.parquet")):
        try:
            shard = pq.ParquetFile(path, page_checksum_verification=True)
            for index in range(shard.num_row_groups):
                yield shard.read_row_group(index, columns=columns)
        except (pa.ArrowException, OSError) as error:
            # A page whose checksum is wrong is an OSError of Arrow's own, without a number.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError(
                f"{path}: expected a Parquet shard of a dataset, received a damaged one "
                f"({one_line(error)}). Run the stage that wrote it again."
            ) from error


def _arrow_schema(slices: Sequence[str], target: "pa.DataType | None") -> Any:
    text = pa.string()
    return pa.schema(
        [
            ("id", text),
            ("uri", text),
            ("image", pa.binary()),
            ("labels", pa.list_(text)),
            ("split", text),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("mode", text),
            ("format", text),
            ("group", text),
            *((name, text) for name in ADDED),
            *([] if target is None else [("target", target)]),
            *((SLICE_PREFIX + name, text) for name in slices),
        ],
        metadata={"sightline.schema": SCHEMA, "sightline.schema_version": str(VERSION)},
    )


def _key(example: Example) -> str:
    """Return what the fingerprint covers of an image; what is not known of it adds nothing."""
    value = [] if example.target is None else [_as_text(example.target)]
    fields = [example.id, *example.labels, *value, example.split or ""]
    if example.group != example.id:
        fields.append(_as_text({"group": example.group}))
    if example.slices:
        fields.append(_as_text({"slices": example.slices}))
    return "\t".join(fields)


def _as_text(target: Any) -> str:
    return json.dumps(target, sort_keys=True, default=bytes.hex)


def _to_table(rows: list[Example], schema: Any, slices: Sequence[str]) -> Any:
    columns = {
        "image": bytes_column([row.image for row in rows]),
        "labels": text_list_column([row.labels for row in rows]),
        "width": number_column([row.width for row in rows]),
        "height": number_column([row.height for row in rows]),
        **{SLICE_PREFIX + name: text_column([r.slices.get(name) for r in rows]) for name in slices},
    }
    if "target" in schema.names:
        columns["target"] = pa.array([row.target for row in rows], schema.field("target").type)
    for name in schema.names:
        if name not in columns:
            columns[name] = text_column([getattr(row, name) for row in rows])
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _to_example(row: dict[str, Any], slices: Sequence[str]) -> Example:
    fields = {name: row[name] for name in row if not name.startswith(SLICE_PREFIX)}
    fields["labels"] = tuple(fields["labels"])
    values = {name: row[SLICE_PREFIX + name] for name in slices}
    return Example(**fields, slices={k: v for k, v in values.items() if v is not None})
