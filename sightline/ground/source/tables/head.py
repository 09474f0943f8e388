"""The first rows of a table, and what they tell about its columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import IMAGE_SUFFIXES, Files, printable, suffix
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.records import format_of, read_records
from sightline.ground.source.tables.spreadsheets import OWN_PREFIX

INDEX_NAMES = ("", "index", "id", "row", "row_id", "level_0")
NUM_LOOKED_AT = 1_000
"""Rows whose cells are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first rows of a table."""

    table: str
    names: list[str]
    """Column names: the first row's cells, or `column_1` and so on where there is no header."""
    has_header: bool
    first: list[str]
    rows: list[list[str]]
    """Rows without the header, each as wide as the first."""
    is_ragged: bool = False
    """Whether rows have different numbers of cells."""

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

    def known(self, candidates: Sequence[str]) -> list[int]:
        """Return the columns with a usual name, the most usual first."""
        names = [plain_name(name) for name in self.names]
        return [names.index(name) for name in candidates if name in names]

    def cells(self, at: int) -> list[str]:
        """Return what a column holds in the rows that were looked at, without blanks."""
        return [row[at] for row in self.rows if row[at]]

    def free(self, taken: Sequence[int | None]) -> list[int]:
        """Return the columns that hold something, mean nothing else yet and are no index."""
        return [
            at
            for at in range(len(self.names))
            if at not in taken
            and self.cells(at)
            and not self.is_index(at)
            and not self.names[at].startswith(OWN_PREFIX)
        ]

    def is_index(self, at: int) -> bool:
        """Tell whether a column only numbers the rows."""
        name = plain_name(self.names[at])
        if self.has_header and name not in INDEX_NAMES and not name.startswith("unnamed:"):
            return False
        cells = self.cells(at)
        numbers = [int(cell) for cell in cells if cell.isascii() and cell.isdecimal()]
        if self.has_header and name:
            return len(numbers) == len(cells) and len(set(numbers)) == len(numbers)
        # A class that is a number comes twice, soon or late; two rows alone tell nothing.
        return len(cells) == len(numbers) > 2 and _rises_by_one(numbers)

    def names_images(self, at: int) -> bool:
        """Tell whether most cells of a column name an image."""
        cells = self.cells(at)
        return 2 * sum(_names_image(cell) for cell in cells) > len(cells)

    def shown(self, columns: Sequence[int]) -> str:
        """Return columns with what they hold, for a person to choose from."""
        return shorten(
            [
                f"'{self.names[at]}' ({', '.join(list(dict.fromkeys(self.cells(at)))[:3])})"
                for at in columns
            ],
            12,
        )


def read_head(files: Files, table: str, settings: SourceSettings) -> Head:
    """Read the first rows of a table.

    Raises:
        DataError: the table is empty, or its header has a name twice.
    """
    table_format = format_of(table, settings.source_format)
    records = list(islice(read_records(files, table, table_format), NUM_LOOKED_AT))
    if not records or not records[0].cells:
        problem = records[0].problem if records else "an empty file"
        raise DataError(
            f"{files.uri(table)}: expected a table with an image and a label per row, "
            f"received {problem}. Correct the file or ingest.source."
        )
    first = [printable(cell.strip()) for cell in records[0].cells]
    has_header = (
        table_format != "csv"
        or settings.csv_header == "yes"
        or (settings.csv_header == "auto" and not _is_data(first, settings))
    )
    names = first if has_header else [f"column_{at + 1}" for at in range(len(first))]
    _check_names(files.uri(table), names)
    rows = [
        [*(printable(cell.strip()) for cell in record.cells), *[""] * len(names)][: len(names)]
        for record in records[has_header:]
        if record.cells
    ]
    widths = {len(record.cells) for record in records if record.cells}
    return Head(
        table=files.uri(table),
        names=names,
        has_header=has_header,
        first=first,
        rows=rows,
        is_ragged=len(widths) > 1,
    )


def _is_data(cells: Sequence[str], settings: SourceSettings) -> bool:
    """Tell whether the first line holds an image already and names no column."""
    if {settings.image_column, settings.label_column} & {cell for cell in cells if cell}:
        return False
    return any(map(_names_image, cells))


def _names_image(cell: str) -> bool:
    return "://" in cell or suffix(cell) in IMAGE_SUFFIXES


def _check_names(table: str, names: Sequence[str]) -> None:
    """Refuse a header in which a name stands twice: either column could be meant."""
    for at, name in enumerate(names):
        if name and name in names[:at]:
            columns = [str(place + 1) for place, other in enumerate(names) if other == name]
            raise DataError(
                f"{table}: expected every column name once, received '{name}' for columns "
                f"{', '.join(columns)}. Rename or remove all but one of them."
            )


def plain_name(name: str) -> str:
    """Return the name of a column as names are compared."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _rises_by_one(numbers: Sequence[int]) -> bool:
    return all(after == before + 1 for before, after in pairwise(numbers))
