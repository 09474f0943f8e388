"""The rows of a dataset, wherever it lies, without its images."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sightline.ground.errors import UserError
from sightline.ground.history.feature_figures import FeatureFigures, figures_in
from sightline.ground.history.measurements import OUTLINES
from sightline.ground.run_folders import ASSIGNMENT
from sightline.ground.source.words import BETWEEN_LABELS
from sightline.project.target import Target
from sightline.runs.artifacts import choose_artifacts, open_store
from sightline.runs.datasets.findings import read_findings
from sightline.runs.records import RunRecord

if TYPE_CHECKING:
    from pyarrow import RecordBatch

ROWS_AT_ONCE = 4096
COLUMNS = ("id", "uri", "labels", "split", "width", "height", "mode", "format")
DATASET, CLEANED, RECORDS = "ingest/dataset", "label-check/cleaned", "preprocess/records"


class Sides(NamedTuple):
    """What a row says of an image's outline."""

    width: int
    height: int


@dataclass(slots=True)
class Seen:
    """What a dataset says of one image; copies of it share an entry."""

    uri: str
    labels: frozenset[str]
    splits: frozenset[str]
    num_rows: int = 1


@dataclass(slots=True)
class DatasetRows:
    """One dataset, as it is held against another."""

    title: str
    images: dict[bytes, Seen] = field(default_factory=dict)
    """Id -> what is said of it."""
    classes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    """Format and mode -> images."""
    values: dict[str, list[float]] = field(default_factory=dict)
    """Name of a measurement that rows have -> its value for each row."""
    quantiles: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Name of a measurement -> what label check wrote of it; empty where it did not run."""
    features: FeatureFigures | None = None
    """What a backbone saw in the images, where label check had one."""
    corrections: dict[str, int] = field(default_factory=dict)

    @property
    def num_rows(self) -> int:
        """How many images there are, copies counted."""
        return sum(one.num_rows for one in self.images.values())


def read_rows(place: str, target: Target, *, title: str, splits: dict[str, str]) -> DatasetRows:
    """Read a dataset artifact.

    Args:
        place: its folder or address.
        target: where it lies.
        title: what it is called.
        splits: id -> split that a run gave; the source's where it is missing.

    Raises:
        UserError: there is no dataset.
    """
    rows = DatasetRows(title, values={name: [] for name in OUTLINES})
    batches = read_batches(place, target, lambda _: COLUMNS, rows=ROWS_AT_ONCE)
    for batch in batches:
        for row in batch.to_pylist():
            _add(rows, row, splits.get(row["id"], row["split"] or ""))
    store, path = open_store(place, target)
    info = f"{path.rstrip('/')}/dataset.json"
    if not store.exists(info):
        raise UserError(
            f"{place}: expected the dataset of {title}, found none there. It was removed; run "
            "again, or name another."
        )
    rows.corrections = json.loads(store.cat_file(info)).get("corrections") or {}
    return rows


def read_batches(
    place: str, target: Target, columns: Callable[[Sequence[str]], Sequence[str]], *, rows: int
) -> "Iterator[RecordBatch]":
    """Yield some columns of every shard; `columns` chooses them from those that there are."""
    from pyarrow.parquet import ParquetFile

    store, path = open_store(place, target)
    for shard in sorted(store.glob(f"{path.rstrip('/')}/*.parquet")):
        with store.open(shard, "rb") as stream:
            parquet = ParquetFile(stream, page_checksum_verification=True)
            chosen = list(columns(parquet.schema_arrow.names))
            yield from parquet.iter_batches(rows, columns=chosen)


def rows_of_run(record: RunRecord, target: Target) -> DatasetRows:
    """Read the dataset that a run ingested, with the splits that it gave.

    Raises:
        UserError: the run has none, or it was removed.
    """
    made = choose_artifacts(record, DATASET)[0]
    title = f"run {record.name or record.id}"
    splits = given_splits(record, target)
    rows = read_rows(made.artifact.uri, target, title=title, splits=splits)
    if any("findings" in task.outputs.artifacts for task in record.tasks.values()):
        _add_findings(rows, record, target)
    return rows


def _add_findings(rows: DatasetRows, record: RunRecord, target: Target) -> None:
    """Add what label check measured of the images, where that is still there."""
    try:
        found = read_findings(record, target)
    except FileNotFoundError:
        return
    measured = found.get("measurements") or {}
    rows.quantiles = {name: tuple(values) for name, values in measured.items()}
    rows.features = figures_in(found.get("features"))


def rows_of_folder(folder: Path, target: Target) -> DatasetRows:
    """Read a dataset artifact on this machine."""
    return read_rows(str(folder.absolute()), target, title=str(folder), splits={})


def given_splits(record: RunRecord, target: Target) -> dict[str, str]:
    """Return the split that preprocess gave each image, by id; nothing where it is not known."""
    places = {}
    for task in record.tasks.values():
        for artifact in task.outputs.artifacts.values():
            places[f"{task.name}/{artifact.name}"] = artifact.uri
    if CLEANED not in places or RECORDS not in places:
        return {}
    by_pixels = _assigned(places[RECORDS], target)
    found: dict[str, str] = {}
    for batch in read_batches(
        places[CLEANED],
        target,
        lambda names: [name for name in ("id", "pixels") if name in names],
        rows=ROWS_AT_ONCE,
    ):
        for row in batch.to_pylist():
            if split := by_pixels.get(row.get("pixels") or row["id"]):
                found[row["id"]] = split
    return found


def _assigned(place: str, target: Target) -> dict[str, str]:
    from pyarrow.parquet import ParquetFile

    store, path = open_store(place, target)
    address = f"{path.rstrip('/')}/{ASSIGNMENT}"
    if not store.exists(address):
        return {}
    with store.open(address, "rb") as stream:
        table = ParquetFile(stream).read(columns=["image", "split"])
    return dict(zip(table["image"].to_pylist(), table["split"].to_pylist(), strict=True))


def _add(rows: DatasetRows, row: dict[str, Any], split: str) -> None:
    rows.classes.update(row["labels"])
    rows.kinds[f"{row['format']} {row['mode']}"] += 1
    for name, value in OUTLINES.items():
        rows.values[name].append(value(Sides(row["width"], row["height"])))
    key = bytes.fromhex(row["id"])
    label = BETWEEN_LABELS.join(row["labels"])
    before = rows.images.get(key)
    if before is None:
        rows.images[key] = Seen(row["uri"], frozenset((label,)), frozenset((split,)))
    else:
        before.labels |= {label}
        before.splits |= {split}
        before.num_rows += 1
