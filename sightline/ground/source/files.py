"""One view on every place that holds files: a folder, a bucket, a web server, an archive."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from sightline.ground.source.refusals import Reason
from sightline.ground.storage.redaction import redact
from sightline.ground.wording import counted

IMAGE_SUFFIXES = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib", ".webp"),
        *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"),
    )
)
POSSIBLE_SUFFIXES = IMAGE_SUFFIXES | {""}
JSONL_SUFFIXES = frozenset((".jsonl", ".ndjson"))
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
TABLE_SUFFIXES = JSONL_SUFFIXES | {".csv", ".tsv", ".json", ".parquet"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a listing."""

    path: str
    """Relative to the place that was listed, with forward slashes; a folder, empty or unreadable,
    ends in one."""
    size: int | None
    stamp: str
    """Modification time, generation or entity tag: changes when the content does."""
    problem: Reason | None = None
    """Why this entry cannot be read, where the listing already tells."""
    detail: str = ""


class Files(Protocol):
    """A place that holds files."""

    location: str
    """The place as a person wrote it, without secrets."""
    sequential: bool
    """Whether files are read fastest one after the other, in the order of the listing."""
    remote: bool
    """Whether reading waits for a network."""

    def listing(self) -> Iterator[Entry]:
        """Yield every file below this place, in an order that is the same on every machine."""

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            RefusedError: the file cannot be read or is larger than `max_bytes`.
        """

    def open(self, path: str) -> IO[bytes]:
        """Open a table as a stream of bytes.

        Raises:
            DataError: the file cannot be opened.
        """

    def uri(self, path: str) -> str:
        """Return where the file is, for a person and without secrets."""

    def locate(self, path: str) -> str:
        """Return the path of the file that a table means by `path`, as the place writes it."""

    def position(self, path: str) -> int:
        """Return where a file stands in the listing; 0 where any order is as fast."""


def suffix(path: str) -> str:
    """Return the last suffix of a path or URI, in lower case and with its dot."""
    return posixpath.splitext(path.partition("?")[0])[1].lower()


def may_be_image(path: str) -> bool:
    """Tell whether the name of a file does not say that it is something else than an image."""
    return suffix(path) in POSSIBLE_SUFFIXES


def printable(text: str) -> str:
    """Return text that any file can hold: without secrets, and with what nobody reads escaped."""
    text = CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", redact(text))
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def counted_bytes(size: int) -> str:
    """Return a size as messages say it."""
    return f"{size:,} bytes"


def counted_files(count: int) -> str:
    """Return a number of files as messages say it."""
    return counted(count, "file")
