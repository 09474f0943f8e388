"""Say in one message that a source gives boxes, before they are read as something else."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from sightline.ground.errors import DataError
from sightline.ground.source.boxes.formats import (
    CORNERS,
    count_in_json,
    count_in_vertex_line,
    count_in_voc,
    count_in_yolo,
    is_vertex_row,
)
from sightline.ground.source.files import (
    TABLE_SUFFIXES,
    Entry,
    Files,
    may_be_image,
    printable,
    suffix,
)
from sightline.ground.source.folders.class_folders import Layout
from sightline.ground.source.folders.folder_names import is_clutter, says_nothing
from sightline.ground.source.refusals import RefusedError
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.csv_records import Record, read_records
from sightline.ground.source.tables.records import format_of
from sightline.ground.source.tables.tables import open_lines
from sightline.ground.source.targets import TargetReader

MOST_BYTES = 16 << 20
MOST_FILES = 200
"""Files with boxes of one image each that are counted."""
MOST_REMOTE_FILES = 10
MOST_DOCUMENTS = 20
NUM_ROWS_LOOKED_AT = 100
REMEDY = (
    "Boxes are not read yet: what is learned is one label for a whole image. Cut each box out of "
    "its image and put the pieces into one folder per class, or give a table with one label per "
    "image."
)


def check_folder(
    files: Files,
    listed: Sequence[Entry],
    layout: Layout,
    settings: SourceSettings,
    reader: TargetReader,
) -> None:
    """Refuse a folder that gives boxes and no class folders.

    Raises:
        DataError: it does.
    """
    if settings.source_format != "auto":
        return
    kept = [entry.path for entry in listed if entry.problem is None and not is_clutter(entry.path)]
    # No one keeps text files of numbers beside classes; the other files come with ImageNet, too.
    if texts := [path for path in kept if suffix(path) == ".txt"]:
        stems = {_stem(path) for path in kept if may_be_image(path)}
        beside = [path for path in texts if _stem(path) in stems]
        _check_each(files, "YOLO", beside, count_in_yolo)
    if sum(not says_nothing(name) for name in layout.classes) > 1:
        return
    if tables := [path for path in kept if suffix(path) in TABLE_SUFFIXES - {".json"}]:
        for path in tables[:MOST_DOCUMENTS]:
            check_table(files, path, settings, reader)
        return
    _check_each(files, "VOC", [path for path in kept if suffix(path) == ".xml"], count_in_voc)
    for path in [path for path in kept if suffix(path) == ".json"][:MOST_DOCUMENTS]:
        check_json(files, path)


def check_table(files: Files, table: str, settings: SourceSettings, reader: TargetReader) -> None:
    """Refuse a table of boxes, unless the settings say which of its columns is the label.

    Raises:
        DataError: it is one.
    """
    table_format = format_of(table, settings.source_format)
    if table_format == "json":
        check_json(files, table)
    elif table_format == "jsonl":
        counts = (count_in_vertex_line(line, reader) for line in _lines(files, table))
        _check_count(files, table, "Vertex AI", counts)
    elif table_format == "csv" and not settings.label_column:
        _check_csv(files, table)


def check_json(files: Files, path: str) -> None:
    """Refuse a JSON document of boxes.

    Raises:
        DataError: it is one.
    """
    with closing(files.open(path)) as stream:
        name, count = count_in_json(stream)
    if count:
        raise _boxes(files.uri(path), name, f"{count:,} boxes")


def _check_csv(files: Files, table: str) -> None:
    records = list(islice(_records(files, table), NUM_ROWS_LOOKED_AT))
    header = {cell.strip().lower() for record in records[:1] for cell in record.cells}
    if header >= CORNERS:
        rows = islice(_records(files, table), 1, None)
        _check_count(files, table, "a table of corners", (bool(row.cells) for row in rows))
    if any(is_vertex_row(record.cells) for record in records):
        counts = (is_vertex_row(record.cells) for record in _records(files, table))
        _check_count(files, table, "Vertex AI", counts)


def _check_count(files: Files, table: str, name: str, counts: Iterable[int]) -> None:
    if count := sum(counts):
        raise _boxes(files.uri(table), name, f"{count:,} boxes")


def _check_each(
    files: Files, name: str, paths: Sequence[str], count_in: Callable[[bytes], int | None]
) -> None:
    """Refuse a folder with a file of boxes for each image; the first that are read tell."""
    total, looked_at = 0, sorted(paths, key=files.position)
    looked_at = looked_at[: MOST_REMOTE_FILES if files.remote else MOST_FILES]
    for path in looked_at:
        try:
            count = count_in(files.read(path, max_bytes=MOST_BYTES))
        except RefusedError:
            continue
        if count is None:
            return
        total += count
    if total:
        parts = [f"{total:,} boxes"]
        if len(looked_at) < len(paths):
            parts.append(f"in the first {len(looked_at):,} of {len(paths):,} files")
        raise _boxes(files.location, name, " ".join(parts))


def _boxes(location: str, name: str, count: str) -> DataError:
    return DataError(
        f"{location}: expected one label per image, received boxes: {name}, {count}. {REMEDY}"
    )


def _lines(files: Files, table: str) -> Iterator[str]:
    with open_lines(files, table) as lines:
        yield from lines


def _records(files: Files, table: str) -> Iterator[Record]:
    with open_lines(files, table) as lines:
        yield from read_records(lines)


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(printable(path)))[0]
