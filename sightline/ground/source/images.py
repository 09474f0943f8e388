"""The images of a source, whatever it says of their labels: what is to be predicted has none."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sightline.ground.source.files import Entry, Files, may_be_image, printable
from sightline.ground.source.folders.folder_names import is_clutter
from sightline.ground.source.origin import open_origin
from sightline.ground.source.refusals import Refusal, RefusedError
from sightline.ground.source.remote.reach import reach_of
from sightline.ground.source.remote.remote_files import RemoteFiles
from sightline.ground.source.rows import Row
from sightline.ground.source.settings import SourceSettings
from sightline.ground.source.tables import column_table, jsonl_table
from sightline.ground.source.tables.columns import image_columns
from sightline.ground.source.tables.parquet_images import ParquetImages
from sightline.ground.source.tables.records import format_of
from sightline.ground.source.targets import Target

SOURCE, ADDRESS, INSIDE = "source", "address", "inside"
"""Where an image lies: in the source, at an address that a table names, or in the table itself."""
NOTHING = Target(())


class NoTargets:
    """Reads no annotations."""

    several = joins = False

    def read_words(self, words: Iterable[str]) -> Target:
        """Return nothing to learn."""
        return NOTHING

    def read_line(self, content: Mapping[str, Any]) -> Target:
        """Return nothing to learn."""
        return NOTHING


@dataclass(frozen=True, slots=True)
class Found:
    """One image that a source names, and what tells that it is still the same."""

    row: Row | Refusal
    place: str = SOURCE
    size: int | None = None
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Where images come from; they can be found again by place and path."""

    kind: str
    found: Callable[[], Iterable[Found]]
    places: Mapping[str, Files]
    columns: tuple[str, ...] = ()
    """What a table says of its images beside where they are."""

    @property
    def sequential(self) -> bool:
        """Whether images are read one after the other."""
        return any(place.sequential for place in self.places.values())


@contextmanager
def open_images(settings: SourceSettings) -> Iterator[Images]:
    """Open a source of images; labels that it gives are not looked at.

    Raises:
        DataError: it cannot be read, or a table does not tell which column names the images.
    """
    with open_origin(settings) as origin:
        files = origin.files
        if not origin.table:
            yield Images(kind="folder", found=lambda: _in_folder(files), places={SOURCE: files})
            return
        yield _in_table(files, origin.table, settings)


def _in_folder(files: Files) -> Iterator[Found]:
    """Yield what may be an image by its name, in the order in which the place reads fastest."""
    listed = files.listing()
    entries = (
        sorted(listed, key=lambda one: files.position(one.path)) if files.sequential else listed
    )
    for entry in entries:
        if is_clutter(entry.path) or (entry.path.endswith("/") and not entry.problem):
            continue
        if may_be_image(entry.path) or entry.problem:
            yield Found(_row(files, entry), SOURCE, entry.size, entry.stamp)


def _row(files: Files, entry: Entry) -> Row | Refusal:
    row = Row(files=files, path=entry.path, location=entry.path, target=NOTHING)
    if entry.problem is None:
        return row
    return row.refused(RefusedError(entry.problem, entry.detail))


def _in_table(files: Files, table: str, settings: SourceSettings) -> Images:
    table_format = format_of(table, settings.source_format)
    places: dict[str, Files] = {
        SOURCE: files,
        ADDRESS: RemoteFiles("", reach_of(files, settings.table_hosts)),
    }
    if table_format == "jsonl":
        columns: tuple[str, ...] = jsonl_table.find_slices(files, table)
        rows = jsonl_table.read_rows(files, table, NoTargets(), settings)
    else:
        found = image_columns(files, table, settings)
        columns = tuple(map(printable, found.slices))
        rows = column_table.read_rows(files, table, found, NoTargets(), settings)
        if table_format == "parquet":
            places[INSIDE] = ParquetImages(files, table)
    return Images(
        kind=f"table {printable(table)}",
        found=lambda: (Found(row, _place_of(row, files)) for row in rows),
        places=places,
        columns=columns,
    )


def _place_of(row: Row | Refusal, files: Files) -> str:
    if isinstance(row, Refusal) or row.files is files:
        return SOURCE
    return INSIDE if isinstance(row.files, ParquetImages) else ADDRESS
