"""Which column of a table means what: told by a setting, by its name, or by its cells."""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.files import Files
from sightline.ground.source.rows import NO_SPLIT_WORDS, SPLIT_WORDS
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables.cells import ONE_LABEL, find_separator, words_of_list
from sightline.ground.source.tables.csv_records import Record
from sightline.ground.source.tables.head import Head, plain_name, read_head
from sightline.ground.source.tables.spreadsheets import OWN_PREFIX

IMAGE_NAMES = (
    *("uri", "image", "path", "file", "filename", "image_path", "image_file", "image_name"),
    *("image_uri", "image_url", "image_filename", "file_name", "file_path", "filepath"),
    *("img", "img_path", "img_name", "imagename", "imagepath", "photo", "picture", "url"),
    *("image_id", "img_id"),
)
LABEL_NAMES = (
    *("label", "class", "category", "class_name", "classname", "label_name", "category_name"),
    *("class_label", "labels", "classes", "categories", "choice", "target", "ground_truth"),
)
SPLIT_NAMES = ("split", "ml_use", "subset")
NOT_LABEL_NAMES = frozenset(
    (
        *("width", "height", "size", "area", "channels", "depth", "bytes", "x", "y", "w", "h"),
        *("xmin", "ymin", "xmax", "ymax", "date", "time", "timestamp", "created_at", "updated_at"),
    )
)
"""Names of columns that tell of an image what nobody trains on."""
BINARY_WORDS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


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
    separator: str = ""
    """What parts several labels in one cell; nothing where a cell holds one label."""
    lists: bool = False
    """Whether cells may hold lists, as JSON and Python write them."""
    to_the_end: bool = False
    """Whether all cells from the label's on are labels, however many, as in Vertex AI's CSV."""

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
            f"{f' parted by {self.separator!r}' if self.separator else ''}"
        )
        others = [
            f"{what} from column '{self.names[at]}'"
            for what, at in (("splits", self.split), ("groups", self.group))
            if at is not None
        ]
        return ", ".join([f"Images from column '{self.names[self.image]}'", label, *others]) + "."

    def filled(self, record: Record) -> list[str]:
        """Return the cells of a row, with empty ones where it ends early."""
        return [*record.cells, *([""] * (self.width - len(record.cells)))]

    def words(self, record: Record) -> list[str]:
        """Return the labels of a row as they are written."""
        cells = self.filled(record)
        if self.label is None:
            return [name for name, at in self.one_hot.items() if is_yes(cells[at])]
        if self.label in record.several:
            return list(record.several[self.label])
        if self.to_the_end:
            return cells[self.label :]
        word = cells[self.label]
        if self.lists and (listed := words_of_list(word)) is not None:
            return listed
        return word.split(self.separator) if self.separator else [word]


def find_columns(
    files: Files, table: str, settings: SourceSettings, *, several: bool = False
) -> Columns:
    """Read the head of a table and tell its columns.

    `several` tells that an image may have several labels, or none.

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
        label, one_hot = find_label(head, [split, group, image], several=several)
    to_the_end = several and not settings.label_column and follows_label(head, label)
    used = {image, label, split, *one_hot.values()}
    return Columns(
        image=image,
        label=label,
        one_hot=one_hot,
        split=split,
        group=group,
        slices={
            name: at
            for at, name in enumerate(head.names)
            if name and at not in used and not to_the_end and not name.startswith(OWN_PREFIX)
        },
        has_header=head.has_header,
        names=tuple(head.names),
        separator=_separator(head, label, settings.label_separator, several=several),
        lists=several,
        to_the_end=to_the_end,
    )


def image_columns(files: Files, table: str, settings: SourceSettings) -> Columns:
    """Read the head of a table whose labels nobody asks for, and tell which column is the image.

    Raises:
        DataError: the table is empty, has no column that the settings name, or does not tell
            which column is the image.
    """
    head = read_head(files, table, settings)
    image = _first(head.named("image_column", settings.image_column))
    if image is None:
        only = len(head.names) == 1
        image = 0 if only else find_image(head, [None])
    return Columns(
        image=image,
        label=image,
        one_hot={},
        split=None,
        group=None,
        slices={name: at for at, name in enumerate(head.names) if name and at != image},
        has_header=head.has_header,
        names=tuple(head.names),
        to_the_end=not head.has_header,  # Vertex AI's tables have as many labels as an image has
    )


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


def find_label(
    head: Head, taken: Sequence[int | None], *, several: bool = False
) -> tuple[int | None, dict[str, int]]:
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
        is_set = several and 2 * len(yes_or_no) >= len(free)
        if is_set or all(any(is_yes(row[at]) for at in yes_or_no) for row in head.rows):
            return None, {head.names[at]: at for at in yes_or_no}
        raise _doubtful(head, free, "columns of yes and no, and rows that say no to all of them")
    if not head.has_header and not all(map(_is_number, head.cells(free[0]))):
        return free[0], {}
    name = plain_name(head.names[free[0]])
    if len(free) > 1 or name in NOT_LABEL_NAMES or name.endswith("_id"):
        raise _doubtful(head, free, "")
    return free[0], {}


def follows_label(head: Head, label: int | None) -> bool:
    """Tell whether a table without names of columns has more labels behind the first.

    Vertex AI's has: its rows differ in length, or the same words stand in several columns.
    """
    if head.has_header or label is None:
        return False
    words = set(head.cells(label))
    others = range(label + 1, len(head.names))
    return head.is_ragged or any(words & set(head.cells(at)) for at in others)


def is_yes(cell: str) -> bool:
    """Tell whether a cell of a column of yes and no says yes."""
    return BINARY_WORDS.get(cell.strip().lower(), False)


def _separator(head: Head, label: int | None, chosen: str, *, several: bool) -> str:
    """Return what parts the labels of a cell: as told, or as the cells show."""
    if chosen or not several or label is None:
        return "" if chosen == ONE_LABEL else chosen
    return find_separator(head.cells(label))


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


def _is_binary(cell: str) -> bool:
    return cell.lower() in BINARY_WORDS


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _first(*choices: int | None) -> int | None:
    return next((choice for choice in choices if choice is not None), None)
