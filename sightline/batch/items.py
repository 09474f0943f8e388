"""The images to answer, before their bytes are read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from sightline.client.photos import Photo
from sightline.ground.errors import DataError
from sightline.ground.source.files import printable
from sightline.ground.source.images import Found, Images, open_images
from sightline.ground.source.refusals import Refusal, RefusedError
from sightline.ground.source.settings import SourceSettings
from sightline.ground.storage.redaction import redact

HERE = ""
"""The place of files that are named by a path of this machine, not found in a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One image to answer, as a shard lists it."""

    uri: str
    """Where it is, for a person and without secrets."""
    path: str = ""
    """What its place calls it."""
    place: str = HERE
    """Where to look for `path`: in this machine's files, or as `ground.source.images` says."""
    row: int | None = None
    """Line of the table that names it."""
    size: int | None = None
    stamp: str = ""
    """Changes when the file does, where the listing tells."""
    refused: str = ""
    """Why it cannot be answered, where the source already tells."""
    given: dict[str, str] = field(default_factory=dict)
    """What the table says of it, by column."""

    def as_json(self) -> dict[str, Any]:
        """Return what a shard says of it, without what is not so."""
        kept = {"uri": self.uri, "path": self.path, "place": self.place}
        return {**kept, **{name: one for name, one in asdict(self).items() if one}}


@contextmanager
def opened(settings: SourceSettings) -> Iterator[Images]:
    """Open a source of images, and say what is wrong with it in the words of predict.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with open_images(settings) as images:
            yield images
    except DataError as error:
        raise DataError(in_our_words(str(error))) from error


def items_of(images: Images) -> Iterator[Item]:
    """Yield the images of a source in its order, as they are listed."""
    for found in images.found():
        yield _item(found)


def items_of_photos(photos: Iterable[Photo]) -> Iterator[Item]:
    """Yield files of this machine that were found by their names."""
    for photo in photos:
        yield Item(
            uri=printable(photo.path), path=photo.path, size=photo.size, stamp=photo.modified
        )


def without_secrets(items: Iterable[Item]) -> Iterator[Item]:
    """Refuse what can only be found by an address with a secret, for lists that others can read."""
    for item in items:
        if redact(item.path) == item.path:
            yield item
        else:
            yield Item(uri=item.uri, row=item.row, given=item.given, refused=HAS_SECRET)


HAS_SECRET = (
    "secret in the address: a list of images that tasks pass on holds no signature and no "
    "password. Give addresses without, and the tasks the credentials of the store; or run "
    "`sightline predict` on one machine."
)


def refusal(error: RefusedError) -> str:
    """Say why an image is not answered, and what to do."""
    detail = f": {error.detail}" if error.detail else ""
    return in_our_words(f"{error.reason.name}{detail}. {error.remedy or error.reason.remedy}")


def in_our_words(text: str) -> str:
    """Name settings as predict does: the reader of sources names those of ingest."""
    return text.replace("ingest.", "predict.")


def _item(found: Found) -> Item:
    row = found.row
    if isinstance(row, Refusal):
        refused = in_our_words(f"{row.text}. {row.advice}")
        return Item(uri=row.location, row=row.row, refused=refused)
    return Item(
        uri=row.files.uri(row.path),
        path=row.path,
        place=found.place,
        row=row.row,
        size=found.size,
        stamp=found.stamp,
        given=row.slices,
    )
