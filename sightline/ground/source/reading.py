"""Find out how a source gives labels, and read its rows."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sightline.ground.source.boxes.checks import check_folder, check_table
from sightline.ground.source.files import Files, printable
from sightline.ground.source.folders import class_folders
from sightline.ground.source.folders.class_folders import Layout
from sightline.ground.source.label_names import NamedReader, read_label_names
from sightline.ground.source.origin import open_origin
from sightline.ground.source.refusals import Refusal
from sightline.ground.source.rows import Row
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.shared_images import Contents, contents_of, with_all_labels
from sightline.ground.source.tables import column_table, columns, jsonl_table
from sightline.ground.source.tables.choosing import choose_tables
from sightline.ground.source.tables.records import format_of
from sightline.ground.source.targets import TargetReader

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
        said = (f"Names of {len(names):,} labels from {settings.label_names}.",)
    with open_origin(settings) as origin:
        files, table = origin.files, origin.table
        contents: Contents = dict
        if table:
            source = _table_source(files, table, settings, reader)
        else:
            listed = list(files.listing())
            layout = class_folders.find_layout(listed, settings)
            check_folder(files, listed, layout, settings, reader)
            tables = choose_tables(layout, settings, files)
            source = (
                _source_of_parts(files, tables, settings, reader)
                if tables
                else _folder_source(files, layout, settings, reader)
            )
            contents = dict if tables else contents_of(files, layout.entries)
        if reader.several:
            each, joined = source.rows, with_all_labels(source.rows, contents)
            source = replace(source, rows=lambda: joined() if reader.joins else each())
        if files.sequential:
            rows = source.rows
            source = replace(source, rows=lambda: _in_order(rows()))
        yield replace(source, taken=(*source.taken, *said))


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


def _source_of_parts(
    files: Files, tables: dict[str, str | None], settings: SourceSettings, reader: TargetReader
) -> Source:
    """Read tables one after the other, each with the split that its name tells."""
    sources = {table: _table_source(files, table, settings, reader) for table in sorted(tables)}
    first = next(iter(sources.values()))
    splits = sorted({split for split in tables.values() if split})

    def rows() -> Iterator[Row | Refusal]:
        for table, source in sources.items():
            for row in source.rows():
                if isinstance(row, Row) and row.split is None:
                    yield replace(row, split=tables[table])
                else:
                    yield row

    if not splits and len(sources) == 1:
        return first
    said = (f"Splits from the names of tables: {', '.join(splits)}.",) if splits else ()
    return replace(
        first,
        kind=f"{first.kind} and {len(sources) - 1:,} more" if len(sources) > 1 else first.kind,
        rows=rows,
        slices=tuple(dict.fromkeys(name for one in sources.values() for name in one.slices)),
        taken=(*first.taken, *said),
    )


def _table_source(
    files: Files, table: str, settings: SourceSettings, reader: TargetReader
) -> Source:
    check_table(files, table, settings, reader)
    with files.open(table) as stream:
        remote = files.remote or b"://" in stream.read(HEAD_BYTES)
    table_format = format_of(table, settings.source_format)
    if table_format != "jsonl":
        found = columns.find_columns(files, table, settings, several=reader.several)
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
