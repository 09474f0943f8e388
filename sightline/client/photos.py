"""The photos that words on a command line mean: files, folders and patterns."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.source.file_kinds import other_kind, remedy_for
from sightline.ground.source.files import Entry, may_be_image
from sightline.ground.source.folders.folder_names import is_clutter
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.refusals import RefusedError
from sightline.ground.wording import visible

MOST_MB = 64
HERE = LocalFiles(Path())
"""What reads files: an absolute path stays as it is."""
BATCH_BYTES = 8 << 20


class PhotoError(Exception):
    """A file that no model is asked about, and why."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A file, and what tells whether it is still the same."""

    path: str
    size: int | None = None
    modified: str = ""
    """When it was last written, as ISO 8601 in UTC; nothing where the file cannot be seen."""
    content: bytes | None = None
    """What is in it, where it is no file."""


def find_photos(words: Sequence[str], *, recursive: bool = False) -> Iterator[Photo]:
    """Yield the photos that are meant, in the order of the words and sorted by name in folders.

    In folders, files count that may be images by their names; a file that is named is always one.

    Raises:
        UserError: a folder or pattern holds no photo.
    """
    for word in words:
        if os.path.lexists(word) or not glob.has_magic(word):
            yield from _in_place(word, recursive)
            continue
        matches = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - as it was written
        if not matches:
            raise UserError(
                f"{visible(word)}: expected files that match, found none. Correct the pattern."
            )
        for match in matches:
            yield from _in_place(match, recursive)


def photo_at(path: str) -> Photo:
    """Return one file, whatever it is."""
    try:
        status = os.stat(path)  # noqa: PTH116 - one call per image, and Path costs more
    except (OSError, ValueError):
        return Photo(path)
    return Photo(path, status.st_size, _moment(status.st_mtime_ns))


def read_photo(photo: Photo) -> bytes:
    """Return the bytes of a photo; nothing but a regular file is opened.

    Raises:
        PhotoError: it cannot be read, is too large, or is plainly no image.
    """
    data = photo.content
    if data is None:
        try:
            data = HERE.read(photo.path, max_bytes=MOST_MB << 20)
        except RefusedError as error:
            raise PhotoError(
                f"expected a regular file of at most {MOST_MB} MB, received {error.detail}"
            ) from error
    wanted = "a JPEG, PNG, GIF, BMP or WebP file"
    if not data:
        raise PhotoError(f"expected {wanted}, received 0 bytes")
    if kind := other_kind(data):
        raise PhotoError(f"expected {wanted}, received {kind}. {remedy_for(kind)}")
    return data


def in_batches(photos: Iterable[Photo], size: int) -> Iterator[list[Photo]]:
    """Yield photos together: at most `size`, and not more bytes than a server takes at once."""
    batch: list[Photo] = []
    num_bytes = 0
    for photo in photos:
        of_this = photo.size or 0
        if batch and (len(batch) == size or num_bytes + of_this > BATCH_BYTES):
            yield batch
            batch, num_bytes = [], 0
        batch.append(photo)
        num_bytes += of_this
    if batch:
        yield batch


def _in_place(word: str, recursive: bool) -> Iterator[Photo]:
    path = Path(word)
    if not path.is_dir():
        yield photo_at(str(path))
        return
    is_empty = True
    for entry in LocalFiles(path).listing(deep=recursive):
        if _is_photo(entry):
            is_empty = False
            yield _of_entry(path, entry)
    if is_empty:
        deeper = "" if recursive else " Add --recursive to look into the folders in it."
        raise UserError(f"{visible(word)}: expected image files, found none.{deeper}")


def _is_photo(entry: Entry) -> bool:
    is_folder = entry.path.endswith("/")
    return not is_folder and not is_clutter(entry.path) and may_be_image(entry.path)


def _of_entry(folder: Path, entry: Entry) -> Photo:
    path = str(folder / entry.path)
    return Photo(path, entry.size, _moment(int(entry.stamp)) if entry.stamp else "")


def _moment(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="microseconds")
