"""The images of a run as a table that people edit and give back as a source."""

import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.ground.errors import UserError, shorten
from sightline.ground.source.files import counted_files
from sightline.ground.source.tables.cells import ONE_LABEL, find_separator
from sightline.ground.source.tables.spreadsheets import OWN_PREFIX, defused
from sightline.ground.storage.files import whole
from sightline.project.target import Target
from sightline.runs.artifacts import choose_artifacts
from sightline.runs.datasets.findings import findings_by_image
from sightline.runs.datasets.rows import DATASET, read_batches
from sightline.runs.records import RunRecord

if TYPE_CHECKING:
    from pandas import DataFrame

SEPARATORS = "|;/~"
SLICE_PREFIX = "slice."
OWN = ("image", "label", "split", "group")
PARQUET = ".parquet"
COLUMNS = ("id", "uri", "labels", "split", "group")
IMAGE = ("id", "format", "image")
WRITTEN = "written"
"""Where an image was written, if it was."""
ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """What was written, and how it is read again."""

    file: Path
    num_images: int
    num_found: int
    """Images with a finding, or that label check removed."""
    settings: dict[str, str]
    """What `sightline.yaml` needs beside the source."""


def write_label_table(
    record: RunRecord, target: Target, file: Path, *, images: Path | None = None
) -> LabelTable:
    """Write image, label, split, group, slices and findings of every image that ingest accepted.

    Images that no table can name, such as those inside archives, are written into `images`.

    Raises:
        UserError: the run has no dataset, or images lie where no table can name them.
    """
    if file.suffix.lower() not in (".csv", PARQUET):
        raise UserError(f"{file}: expected a file that ends in .csv or .parquet. Rename it.")
    table = read_dataset(record, target, images)
    found = findings_by_image(record, target)
    keys = list(zip(table["id"], table["uri"], strict=True))
    separator, told_apart = _separator(table["labels"].tolist())
    told = [column for column in table.columns if column.startswith(SLICE_PREFIX)]
    group, grouped_by = _group(table, told)
    content: dict[str, Sequence[str]] = {
        "image": _paths(table, file.absolute().parent),
        "label": [separator.join(labels) for labels in table["labels"]],
        "split": table["split"].fillna("").tolist(),
        **group,
        **{_slice_name(column): table[column].fillna("").tolist() for column in told},
        f"{OWN_PREFIX}findings": ["; ".join(found.get(key, ())) for key in keys],
    }
    _write(content, file)
    return LabelTable(
        file=file,
        num_images=len(table),
        num_found=sum(key in found for key in keys),
        settings={**grouped_by, **told_apart},
    )


def read_dataset(record: RunRecord, target: Target, images: Path | None) -> "DataFrame":
    """Return the rows of the dataset that ingest made; write the images into a folder, if wanted.

    Raises:
        UserError: the run has none, or it was removed.
    """
    import pandas

    made = choose_artifacts(record, DATASET)[0]

    def chosen(names: Sequence[str]) -> list[str]:
        slices = [name for name in names if name.startswith(SLICE_PREFIX)]
        return [*COLUMNS, *slices, *(["format", "image"] if images else [])]

    parts: list[DataFrame] = []
    for batch in read_batches(made.artifact.uri, target, chosen, rows=ROWS_AT_ONCE):
        rows: DataFrame = batch.to_pandas()
        if images is not None:
            told = zip(rows["id"], rows["format"], rows["image"], strict=True)
            rows[WRITTEN] = [str(_written(images, *row)) for row in told]
        parts.append(rows.drop(columns=["format", "image"], errors="ignore"))
    if not parts:
        raise UserError(
            f"{made.artifact.uri}: expected the dataset of run {record.id}, found none there. It "
            "was removed; run again, or name another run."
        )
    return pandas.concat(parts, ignore_index=True)


def write_images(
    record: RunRecord, target: Target, folder: Path, wanted: Container[str]
) -> dict[str, Path]:
    """Write the images of some ids that a run ingested into a folder; return where each is."""
    made = choose_artifacts(record, DATASET)[0]
    found: dict[str, Path] = {}
    for batch in read_batches(made.artifact.uri, target, lambda _: IMAGE, rows=ROWS_AT_ONCE):
        for digest, form, image in zip(*(batch.column(name) for name in IMAGE), strict=True):
            if (name := digest.as_py()) in wanted:
                found[name] = _written(folder, name, form.as_py(), image.as_py())
    return found


def _paths(table: "DataFrame", folder: Path) -> list[str]:
    """Return what the table calls its images: relative to itself where they lie beside it.

    Raises:
        UserError: some lie where no table can name them.
    """
    if WRITTEN in table:
        return [_relative(str(Path(place).absolute()), folder) for place in table[WRITTEN]]
    uris = table["uri"].tolist()
    lost = [uri for uri in uris if "://" not in uri and not os.path.isfile(uri)]  # noqa: PTH113
    lost += [uri for uri in uris if uri.startswith(("http", "s3:", "gs:")) and _inside(uri)]
    if lost:
        raise UserError(
            f"expected images that a table can name; received {counted_files(len(lost))} inside "
            f"an archive or table, or that are gone: {shorten(lost)}. Give --images FOLDER, to "
            "write all images of the run there."
        )
    return [_relative(uri, folder) for uri in uris]


def _inside(uri: str) -> bool:
    """Tell whether an address leads into an archive or a table behind it."""
    from sightline.ground.source.archives.archives import is_archive

    return any(is_archive(uri[:at]) or uri[:at].endswith(PARQUET) for at in _ends(uri))


def _ends(uri: str) -> list[int]:
    return [at for at, letter in enumerate(uri) if letter in "/#"]


def _written(folder: Path, digest: str, image_format: str, image: bytes) -> Path:
    ending = {"JPEG": "jpg", "MPO": "jpg", "TIFF": "tif"}.get(image_format, image_format.lower())
    place = folder / f"{digest[:24]}.{ending}"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole(place) as partial:
            partial.write_bytes(image)
    return place


def _relative(uri: str, folder: Path) -> str:
    path = Path(uri)
    is_below = "://" not in uri and path.is_relative_to(folder)
    return path.relative_to(folder).as_posix() if is_below else uri


def _group(table: "DataFrame", slices: list[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Return the column of groups, unless there are none or a slice holds them, and its setting."""
    groups = table["group"].where(table["group"] != table["id"], "").fillna("")
    if not groups.any():
        return {}, {}
    for name in slices:
        if (table[name].fillna("") == groups).all():
            return {}, {"group_column": _slice_name(name)}
    return {"group": groups.tolist()}, {"group_column": "group"}


def _slice_name(column: str) -> str:
    name = column.removeprefix(SLICE_PREFIX)
    return column if name.lower() in OWN else name


def _separator(labels: Sequence[Sequence[str]]) -> tuple[str, dict[str, str]]:
    """Return what parts the labels of an image, and the setting that says so, if there must be."""
    words = sorted({word for row in labels for word in row})
    separator = next((one for one in SEPARATORS if not any(one in word for word in words)), "|")
    if any(len(row) > 1 for row in labels):
        return separator, {"label_separator": separator}
    # Where an image may have several labels, a mark in a label would be taken for what parts them.
    return separator, {"label_separator": ONE_LABEL} if find_separator(words) else {}


def _write(content: Mapping[str, Sequence[str]], file: Path) -> None:
    import pandas

    frame = pandas.DataFrame(content, dtype=str)
    with whole(file) as partial:
        if file.suffix.lower() == PARQUET:
            frame.to_parquet(partial, index=False)
        else:
            # The byte order mark tells spreadsheets that the text is UTF-8.
            frame.map(defused).to_csv(partial, index=False, encoding="utf-8-sig")
