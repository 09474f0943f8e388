"""Which column of a CSV table means what: told by a setting, by its name, or by its cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import IMAGE_SUFFIXES, Files, printable, suffix
from sightline.ground.source.rows import NO_SPLIT_WORDS, SPLIT_WORDS
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.csv_records import read_records
from sightline.ground.source.tables.tables import open_lines

IMAGE_NAMES = (
    *("uri", "image", "path", "file", "filename", "image_path", "image_file", "image_name"),
    *("image_uri", "image_url", "image_filename", "file_name", "file_path", "filepath"),
    *("img", "img_path", "img_name", "imagename", "imagepath", "photo", "picture", "url"),
    *("image_id", "img_id"),
)
LABEL_NAMES = (
    *("label", "class", "category", "class_name", "classname", "label_name", "category_name"),
    *("class_label", "labels", "classes", "categories", "choice", "target"),
)
SPLIT_NAMES = ("split", "ml_use", "subset")
INDEX_NAMES = ("", "index", "id", "row", "row_id", "level_0")
NOT_LABEL_NAMES = frozenset(
    (
        *("width", "height", "size", "area", "channels", "depth", "bytes", "x", "y", "w", "h"),
        *("xmin", "ymin", "xmax", "ymax", "date", "time", "timestamp", "created_at", "updated_at"),
    )
)
"""Names of columns that tell of an image what nobody trains on."""
BINARY_WORDS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
NUM_LOOKED_AT = 1_000
"""Rows whose cells are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which cell of a row means what, counted from 0."""

    image: int
    label: int | None
    """None where each class has a column of its own."""
    one_hot: dict[str, int]
    """Class -> the column that says yes or no to it; empty where one column holds the label."""
    split: int | None
    group: int | None
    slices: dict[str, int]
    has_header: bool
    names: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.names)

    @property
    def taken(self) -> str:
        """What was taken for what, in one line."""
        label = (
            f"labels from one column per class ({shorten(list(self.one_hot))})"
            if self.label is None
            else f"labels from column '{self.names[self.label]}'"
        )
        others = [
            f"{what} from column '{self.names[at]}'"
            for what, at in (("splits", self.split), ("groups", self.group))
            if at is not None
        ]
        return ", ".join([f"Images from column '{self.names[self.image]}'", label, *others]) + "."

    def words(self, cells: Sequence[str], separator: str) -> list[str]:
        """Return the labels of a row as they are written."""
        if self.label is None:
            return [name for name, at in self.one_hot.items() if is_yes(cells[at])]
        word = cells[self.label]
        return word.split(separator) if separator else [word]


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
        names = [_plain(name) for name in self.names]
        return [names.index(name) for name in candidates if name in names]

    def cells(self, at: int) -> list[str]:
        """Return what a column holds in the rows that were looked at, without blanks."""
        return [row[at] for row in self.rows if row[at]]

    def free(self, taken: Sequence[int | None]) -> list[int]:
        """Return the columns that hold something, mean nothing else yet and are no index."""
        return [
            at
            for at in range(len(self.names))
            if at not in taken and self.cells(at) and not self.is_index(at)
        ]

    def is_index(self, at: int) -> bool:
        """Tell whether a column only numbers the rows."""
        name = _plain(self.names[at])
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


def find_columns(files: Files, table: str, settings: SourceSettings) -> Columns:
    """Read the head of a table and tell its columns.

    Raises:
        DataError: the table is empty, has no column that the settings name, or does not tell
            which column is the image and which the label.
    """
    head = read_head(files, table, settings)
    split = _first(head.named("split_column", settings.split_column), _usual_split(head))
    group = head.named("group_column", settings.group_column)
    label = head.named("label_column", settings.label_column)
    image = _first(head.named("image_column", settings.image_column))
    if image is None:
        image = find_image(head, [split, group, label])
    one_hot: dict[str, int] = {}
    if label is None:
        label, one_hot = find_label(head, [split, group, image])
    used = {image, label, split, *one_hot.values()}
    return Columns(
        image=image,
        label=label,
        one_hot=one_hot,
        split=split,
        group=group,
        slices={name: at for at, name in enumerate(head.names) if name and at not in used},
        has_header=head.has_header,
        names=tuple(head.names),
    )


def read_head(files: Files, table: str, settings: SourceSettings) -> Head:
    """Read the first rows of a table.

    Raises:
        DataError: the table is empty, or its header has a name twice.
    """
    with open_lines(files, table) as lines:
        records = list(islice(read_records(lines), NUM_LOOKED_AT))
    if not records or not records[0].cells:
        problem = records[0].problem if records else "an empty file"
        raise DataError(
            f"{files.uri(table)}: expected a CSV table with an image and a label per row, "
            f"received {problem}. Correct the file or ingest.source."
        )
    first = [printable(cell.strip()) for cell in records[0].cells]
    has_header = settings.csv_header == "yes" or (
        settings.csv_header == "auto" and not _is_data(first, settings)
    )
    names = first if has_header else [f"column_{at + 1}" for at in range(len(first))]
    _check_names(files.uri(table), names)
    rows = [
        [*(printable(cell.strip()) for cell in record.cells), *[""] * len(names)][: len(names)]
        for record in records[has_header:]
        if record.cells
    ]
    return Head(table=files.uri(table), names=names, has_header=has_header, first=first, rows=rows)


def find_image(head: Head, taken: Sequence[int | None]) -> int:
    """Return the column that names images: of those with a usual name, the one with paths in it.

    Raises:
        DataError: no column does, or several do.
    """
    known = [at for at in head.known(IMAGE_NAMES) if at not in taken] if head.has_header else []
    free = head.free(taken)
    telling = [at for at in known or free if head.names_images(at)]
    if known:
        return (telling or known)[0]
    if len(telling) == 1 or (telling and not head.has_header):
        return telling[0]
    others = [at for at in free if at not in head.known(LABEL_NAMES)]
    if not telling and len(others) == 1 and (len(free) > 1 or taken[-1] is not None):
        return others[0]
    if not telling and len(free) == 2 and not any(map(_is_number, head.cells(free[0]))):
        return free[0]
    if len(free) < 2 and not telling:
        raise _too_few(head)
    raise DataError(
        f"{head.table}: expected one column that names the images, received "
        f"{'several' if telling else 'none that does'}: {head.shown(telling or free)}. Name the "
        "column in ingest.image_column."
    )


def find_label(head: Head, taken: Sequence[int | None]) -> tuple[int | None, dict[str, int]]:
    """Return the column that holds the label, or the columns of a table with one per class.

    Raises:
        DataError: it is doubtful which column that is.
    """
    known = [at for at in head.known(LABEL_NAMES) if at not in taken] if head.has_header else []
    if known:
        return known[0], {}
    free = head.free(taken)
    if not free:
        raise _too_few(head)
    yes_or_no = [at for at in free if all(map(_is_binary, head.cells(at)))]
    if head.has_header and len(yes_or_no) > 1:
        if all(any(is_yes(row[at]) for at in yes_or_no) for row in head.rows):
            return None, {head.names[at]: at for at in yes_or_no}
        raise _doubtful(head, free, "columns of yes and no, and rows that say no to all of them")
    if not head.has_header and not all(map(_is_number, head.cells(free[0]))):
        return free[0], {}
    name = _plain(head.names[free[0]])
    if len(free) > 1 or name in NOT_LABEL_NAMES or name.endswith("_id"):
        raise _doubtful(head, free, "")
    return free[0], {}


def is_yes(cell: str) -> bool:
    """Tell whether a cell of a column of yes and no says yes."""
    return BINARY_WORDS.get(cell.strip().lower(), False)


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


def _usual_split(head: Head) -> int | None:
    """Return the split column; Vertex AI's own CSV has no header and may begin with it."""
    if head.has_header:
        return _first(*head.known(SPLIT_NAMES))
    return 0 if head.first[0].lower() in {*SPLIT_WORDS, *NO_SPLIT_WORDS} else None


def _too_few(head: Head) -> DataError:
    return DataError(
        f"{head.table}: expected a column of images and one of labels, received "
        f"{shorten(head.names, 12)}. Separate columns by comma, semicolon or tab, or pass "
        "ingest.image_column and ingest.label_column."
    )


def _doubtful(head: Head, columns: Sequence[int], why: str) -> DataError:
    return DataError(
        f"{head.table}: expected a column called label, class or category, received "
        f"{f'{why}: ' if why else ''}{head.shown(columns)}. Name the column that holds the label "
        "in ingest.label_column."
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _is_binary(cell: str) -> bool:
    return cell.lower() in BINARY_WORDS


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _rises_by_one(numbers: Sequence[int]) -> bool:
    return all(after == before + 1 for before, after in pairwise(numbers))


def _first(*choices: int | None) -> int | None:
    return next((choice for choice in choices if choice is not None), None)
