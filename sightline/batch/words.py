"""What words on a command line mean: files and folders of this machine, or one other source."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sightline.batch.answering import Places
from sightline.batch.items import Item, items_of, items_of_photos, opened
from sightline.client.photos import find_photos
from sightline.ground.errors import UserError
from sightline.ground.source.archives.archives import is_archive
from sightline.ground.source.files import TABLE_SUFFIXES, suffix
from sightline.ground.source.settings import SourceSettings
from sightline.ground.storage.addresses import REMOTE_SCHEMES, scheme_of
from sightline.ground.storage.redaction import redact
from sightline.ground.wording import visible


@dataclass(frozen=True, slots=True)
class Meant:
    """The images that are meant, and where they are read."""

    items: Callable[[], Iterable[Item]]
    source: str
    places: Places
    columns: tuple[str, ...] = ()
    settings: SourceSettings | None = None
    """The source, for whoever opens it elsewhere; None where files of this machine are meant."""


@contextmanager
def meant(words: Sequence[str], *, recursive: bool, image_column: str) -> Iterator[Meant]:
    """Find the images that words mean.

    Raises:
        UserError: there are none, or a table, archive or URI does not stand alone.
    """
    sources = [word for word in words if is_source(word)]
    if not sources:
        found = find_photos(words, recursive=recursive)
        yield Meant(lambda: items_of_photos(found), visible(" ".join(words)), Places())
        return
    if len(words) > 1:
        raise UserError(
            f"{visible(redact(sources[0]))}: expected a table, an archive or a URI alone, received "
            f"{len(words)} words. Answer one after the other."
        )
    settings = SourceSettings(source=sources[0], image_column=image_column)
    with opened(settings) as images:
        places = Places(images.places, images.sequential)
        source = visible(redact(sources[0]))
        yield Meant(
            lambda: _any(items_of(images), source), source, places, images.columns, settings
        )


def is_source(word: str) -> bool:
    """Tell whether a word names a table, an archive or a place behind a URI."""
    return scheme_of(word) in REMOTE_SCHEMES or suffix(word) in TABLE_SUFFIXES or is_archive(word)


def _any(items: Iterable[Item], source: str) -> Iterator[Item]:
    is_empty = True
    for item in items:
        is_empty = False
        yield item
    if is_empty:
        raise UserError(f"{source}: expected image files, found none. Name another source.")
