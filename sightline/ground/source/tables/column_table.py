"""Labels from a table with columns, CSV, JSON or Parquet: in those that the settings name."""

from collections.abc import Iterator

from sightline.ground.source.files import IMAGE_SUFFIXES, Files, printable, suffix
from sightline.ground.source.refusals import UNREADABLE_ROW, Refusal, RefusedError
from sightline.ground.source.rows import Row, read_split
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.columns import Columns
from sightline.ground.source.tables.csv_records import Record
from sightline.ground.source.tables.parquet_images import ParquetImages
from sightline.ground.source.tables.records import format_of, read_records
from sightline.ground.source.tables.tables import References
from sightline.ground.source.targets import TargetReader
from sightline.ground.source.words import check_no_null


def read_rows(
    files: Files, table: str, columns: Columns, reader: TargetReader, settings: SourceSettings
) -> Iterator[Row | Refusal]:
    """Yield a row per record of the table."""
    table_format = format_of(table, settings.source_format)
    inside = ParquetImages(files, table) if table_format == "parquet" else None
    references = References(files, table, settings.table_hosts, inside=inside)
    for index, record in enumerate(read_records(files, table, table_format)):
        if index or not columns.has_header:
            yield _read(record, columns, references, settings, reader)


def read_references(files: Files, table: str) -> Iterator[str]:
    """Yield every cell that may name an image, whatever the columns mean."""
    for record in read_records(files, table, format_of(table)):
        for cell in record.cells:
            if "/" in cell or suffix(cell.strip()) in IMAGE_SUFFIXES:
                yield cell.strip()


def _read(
    record: Record,
    columns: Columns,
    references: References,
    settings: SourceSettings,
    reader: TargetReader,
) -> Row | Refusal:
    cells = columns.filled(record)
    reference, words = cells[columns.image].strip(), columns.words(record)
    classes: tuple[str, ...] = ()
    try:
        if record.problem:
            raise RefusedError(UNREADABLE_ROW, record.problem)
        if len(record.cells) > columns.width and not columns.to_the_end:
            raise RefusedError(
                UNREADABLE_ROW,
                f"expected {columns.width} cells, received {len(record.cells)}",
                remedy="Put quotes around cells that contain the column separator.",
            )
        target = reader.read_words(words)
        check_no_null(target.labels, settings.classes)
        classes = target.labels
        files, path = references.resolve(reference)
        return Row(
            files=files,
            path=path,
            location=reference,
            row=record.line,
            target=target,
            split=None if columns.split is None else read_split(cells[columns.split]),
            group="" if columns.group is None else printable(cells[columns.group].strip()),
            slices={name: printable(cells[at].strip()) for name, at in columns.slices.items()},
        )
    except RefusedError as error:
        return Refusal(
            location=printable(reference),
            row=record.line,
            label=printable((columns.separator or "; ").join(words).strip()),
            reason=error.reason,
            detail=error.detail,
            remedy=error.remedy,
            classes=classes,
        )
