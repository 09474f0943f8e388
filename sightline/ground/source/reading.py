"""Find out how a source gives labels, and read its rows."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.boxes.checks import check_folder, check_table
from sightline.ground.source.files import TABLE_SUFFIXES, Files, printable, suffix
from sightline.ground.source.folders import class_folders
from sightline.ground.source.folders.class_folders import Layout
from sightline.ground.source.label_names import NamedReader, read_label_names
from sightline.ground.source.origin import open_origin
from sightline.ground.source.refusals import Refusal
from sightline.ground.source.rows import Row
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables import column_table, columns, json_table, jsonl_table
from sightline.ground.source.tables.records import format_of
from sightline.ground.source.targets import TargetReader
from sightline.ground.storage.addresses import redact

HEAD_BYTES = 1 << 16
TITLES = {"csv": "CSV", "json": "JSON", "parquet": "Parquet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where images come from and what is known about each."""

    files: Files
    kind: str
    rows: Callable[[], Iterable[Row | Refusal]]
    remote: bool
    """Whether images come over a network."""
    slices: tuple[str, ...] = ()
    num_rows: int | None = None
    ignored: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    """How images, labels and splits were found, each in a sentence."""


@contextmanager
def open_source(settings: SourceSettings, reader: TargetReader) -> Iterator[Source]:
    """Open the source and tell how it gives labels; the reader makes targets of them.

    Raises:
        DataError: the source cannot be read, or holds several tables to choose from.
    """
    said: tuple[str, ...] = ()
    if settings.label_names:
        names = read_label_names(settings.label_names, settings.table_hosts)
        reader = NamedReader(reader, names)
        said = (f"Names of {len(names):,} labels from {redact(settings.label_names)}.",)
    with open_origin(settings) as origin:
        files, table = origin.files, origin.table
        if table:
            source = _table_source(files, table, settings, reader)
        else:
            listed = list(files.listing())
            layout = class_folders.find_layout(listed, settings)
            check_folder(files, listed, layout, settings, reader)
            table = choose_table(layout, settings, files)
            source = (
                _table_source(files, table, settings, reader)
                if table
                else _folder_source(files, layout, settings, reader)
            )
        if files.sequential:
            rows = source.rows
            source = replace(source, rows=lambda: _in_order(rows()))
        yield replace(source, taken=(*source.taken, *said))


def choose_table(layout: Layout, settings: SourceSettings, files: Files) -> str:
    """Return the table of a folder that gives its labels, or nothing where class folders do.

    Raises:
        DataError: there are several tables, or none where the settings want one.
    """
    wanted = settings.source_format
    tables = [path for path in layout.ignored if _is_table(path, wanted)]
    if wanted == "auto" and len(layout.classes) < 2:
        others = [path for path in tables if suffix(path) != ".json"]
        # Much else is kept in JSON beside images: only one that holds rows is a table.
        tables = others or [path for path in tables if json_table.holds_rows(files, path)]
    shallowest = min((path.count("/") for path in tables), default=0)
    tables = [path for path in tables if path.count("/") == shallowest]
    if wanted == "folder" or (wanted == "auto" and (len(layout.classes) > 1 or not tables)):
        return ""
    if len(tables) == 1:
        return tables[0]
    received = f"{len(tables)}: {shorten(tables)}" if tables else "none"
    raise DataError(
        f"{files.location}: expected one table beside the images, received {received}. Pass the "
        "table itself as ingest.source, or set ingest.source_format to folder."
    )


def _is_table(path: str, wanted: str) -> bool:
    return suffix(path) in TABLE_SUFFIXES and wanted in ("auto", format_of(path))


def _folder_source(
    files: Files, layout: Layout, settings: SourceSettings, reader: TargetReader
) -> Source:
    if settings.class_folder == "auto":
        class_folders.check_layout(layout, files.location)
    return Source(
        files=files,
        kind="pre-split class folders" if layout.splits else "class folders",
        rows=lambda: class_folders.read_rows(files, layout, reader),
        remote=files.remote,
        num_rows=len(layout.entries),
        ignored=layout.ignored,
        taken=layout.taken,
    )


def _table_source(
    files: Files, table: str, settings: SourceSettings, reader: TargetReader
) -> Source:
    check_table(files, table, settings, reader)
    with files.open(table) as stream:
        remote = files.remote or b"://" in stream.read(HEAD_BYTES)
    table_format = format_of(table, settings.source_format)
    if table_format != "jsonl":
        found = columns.find_columns(files, table, settings)
        return Source(
            files=files,
            kind=f"{TITLES[table_format]} table {printable(table)}",
            rows=lambda: column_table.read_rows(files, table, found, reader, settings),
            remote=remote,
            slices=tuple(found.slices),
            taken=(found.taken,),
        )
    return Source(
        files=files,
        kind=f"JSONL table {printable(table)}",
        rows=lambda: jsonl_table.read_rows(files, table, reader, settings),
        remote=remote,
        slices=jsonl_table.find_slices(files, table),
    )


def _in_order(rows: Iterable[Row | Refusal]) -> list[Row | Refusal]:
    """Sort rows by where their images lie, for places that are slow in any other order."""

    def position(row: Row | Refusal) -> int:
        return row.files.position(row.path) if isinstance(row, Row) else -1

    return sorted(rows, key=position)
