"""Labels from a CSV table, with or without header, in the columns that the settings name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import IMAGE_SUFFIXES, Files, printable, suffix
from sightline.ground.source.refusals import UNREADABLE_ROW, Refusal, RefusedError
from sightline.ground.source.rows import NO_SPLIT_WORDS, SPLIT_WORDS, Row, read_split
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.csv_records import Record, read_records
from sightline.ground.source.tables.tables import References, open_lines
from sightline.ground.source.targets import TargetReader

IMAGE_NAMES = ("uri", "image", "path", "file", "filename")
LABEL_NAMES = ("label", "class", "category")
SPLIT_NAMES = ("split", "ml_use", "subset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which cell of a row means what, counted from 0."""

    image: int
    label: int
    split: int | None
    group: int | None
    slices: dict[str, int]
    has_header: bool
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first row of a table."""

    table: str
    cells: list[str]
    names: list[str]
    """Column names: the cells themselves, or `column_1` and so on where there is no header."""
    has_header: bool

    def named(self, setting: str, chosen: str) -> int | None:
        """Return the column that a setting names, or None where it names none.

        Raises:
            DataError: the table has no such column.
        """
        if not chosen:
            return None
        if chosen in self.names:
            return self.names.index(chosen)
        if not self.has_header and chosen.isdecimal() and 1 <= int(chosen) <= len(self.names):
            return int(chosen) - 1
        raise DataError(
            f"{self.table}: column {chosen!r} is missing. Expected the column that "
            f"ingest.{setting} names; received {shorten(self.names, 12)}. Correct "
            f"ingest.{setting}, or ingest.csv_header."
        )

    def known(self, candidates: Sequence[str]) -> int | None:
        """Return the first of the usual names that the table has."""
        lower = [name.lower() for name in self.names]
        return next((lower.index(name) for name in candidates if name in lower), None)


def find_columns(files: Files, table: str, settings: SourceSettings) -> Columns:
    """Read the head of a table and tell its columns.

    Raises:
        DataError: the table is empty, or has no column that the settings name.
    """
    with open_lines(files, table) as lines:
        first = next(iter(read_records(lines)), None)
    if first is None or not first.cells:
        problem = first.problem if first else "an empty file"
        raise DataError(
            f"{files.uri(table)}: expected a CSV table with an image and a label per row, "
            f"received {problem}. Correct the file or ingest.source."
        )
    cells = [printable(cell.strip()) for cell in first.cells]
    has_header = settings.csv_header == "yes" or (
        settings.csv_header == "auto" and not _is_data(cells, settings)
    )
    numbered = [f"column_{index + 1}" for index in range(len(cells))]
    head = Head(
        table=files.uri(table),
        cells=cells,
        names=cells if has_header else numbered,
        has_header=has_header,
    )
    return _choose(head, settings)


def read_rows(
    files: Files, table: str, columns: Columns, reader: TargetReader, settings: SourceSettings
) -> Iterator[Row | Refusal]:
    """Yield a row per record of the table."""
    references = References(files, table)
    with open_lines(files, table) as lines:
        for index, record in enumerate(read_records(lines)):
            if index or not columns.has_header:
                yield _read(record, columns, references, settings.label_separator, reader)


def read_references(files: Files, table: str) -> Iterator[str]:
    """Yield every cell that may name an image, whatever the columns mean."""
    with open_lines(files, table) as lines:
        for record in read_records(lines):
            for cell in record.cells:
                if "/" in cell or suffix(cell.strip()) in IMAGE_SUFFIXES:
                    yield cell.strip()


def _read(
    record: Record, columns: Columns, references: References, separator: str, reader: TargetReader
) -> Row | Refusal:
    cells = [*record.cells, *([""] * (columns.width - len(record.cells)))]
    reference, word = cells[columns.image].strip(), cells[columns.label]
    try:
        if record.problem:
            raise RefusedError(UNREADABLE_ROW, record.problem)
        if len(record.cells) > columns.width:
            raise RefusedError(
                UNREADABLE_ROW,
                f"expected {columns.width} cells, received {len(record.cells)}",
                remedy="Put quotes around cells that contain the column separator.",
            )
        target = reader.read_words(word.split(separator) if separator else [word])
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
            label=printable(word.strip()),
            reason=error.reason,
            detail=error.detail,
            remedy=error.remedy,
        )


def _is_data(cells: Sequence[str], settings: SourceSettings) -> bool:
    """Tell whether the first line holds an image already and names no column."""
    named = (settings.image_column, settings.label_column, *IMAGE_NAMES, *LABEL_NAMES)
    if any(cell and cell.lower() in {name.lower() for name in named} for cell in cells):
        return False
    return any("://" in cell or suffix(cell) in IMAGE_SUFFIXES for cell in cells)


def _choose(head: Head, settings: SourceSettings) -> Columns:
    """Take the columns that the settings name, else those with a usual name, else the first."""
    names = head.names
    split = _first(head.named("split_column", settings.split_column), _usual_split(head))
    group = head.named("group_column", settings.group_column)
    image = _first(head.named("image_column", settings.image_column), head.known(IMAGE_NAMES))
    label = _first(head.named("label_column", settings.label_column), head.known(LABEL_NAMES))
    free = [at for at in range(len(names)) if at not in (split, group, image, label)]
    image = free.pop(0) if image is None and free else image
    label = free.pop(0) if label is None and free else label
    if image is None or label is None:
        raise DataError(
            f"{head.table}: expected a column of images and one of labels, received "
            f"{shorten(names, 12)}. Separate columns by comma, semicolon or tab, or pass "
            "ingest.image_column and ingest.label_column."
        )
    used = {image, label, split}
    return Columns(
        image=image,
        label=label,
        split=split,
        group=group,
        slices={name: at for at, name in enumerate(names) if name and at not in used},
        has_header=head.has_header,
        width=len(names),
    )


def _usual_split(head: Head) -> int | None:
    """Return the split column; Vertex AI's own CSV has no header and may begin with it."""
    if head.has_header:
        return head.known(SPLIT_NAMES)
    return 0 if head.cells[0].lower() in {*SPLIT_WORDS, *NO_SPLIT_WORDS} else None


def _first(*choices: int | None) -> int | None:
    return next((choice for choice in choices if choice is not None), None)
