"""Files in a folder of this machine."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sightline.ground.errors import DataError
from sightline.ground.source.files import Entry, counted_bytes, printable
from sightline.ground.source.refusals import TOO_MANY_BYTES, UNREADABLE, RefusedError

# Folders that link to each other would be listed in every order without a bound.
MOST_LINKS = 3


class LocalFiles:
    """A folder; links are followed, but not back into a folder that holds them."""

    sequential = False
    remote = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.location = printable(str(folder))
        self._names: dict[str, dict[str, str]] = {}

    def listing(self, *, deep: bool = True) -> Iterator[Entry]:
        """Yield every file below the folder, and every empty folder, sorted by path.

        Args:
            deep: whether the folders in it are looked into.
        """
        yield from _walk(str(self.folder), "", (), deep=deep)

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return the content of a file; an absolute path stays as it is."""
        place = self._place(path)
        try:
            status = os.stat(place)  # noqa: PTH116 - one call per image, and Path costs more
            if not stat.S_ISREG(status.st_mode):
                raise RefusedError(UNREADABLE, "no regular file")
            if status.st_size > max_bytes:
                raise RefusedError(TOO_MANY_BYTES, counted_bytes(status.st_size))
            with open(place, "rb") as file:  # noqa: PTH123 - the same
                return file.read()
        except (OSError, ValueError) as error:
            raise RefusedError(UNREADABLE, _words(error)) from error

    def open(self, path: str) -> IO[bytes]:
        """Open a table of the folder."""
        try:
            return Path(self._place(path)).open("rb")
        except OSError as error:
            raise DataError(
                f"{self.uri(path)}: expected a table that can be read, received "
                f"{_words(error)}. Correct ingest.source or the permissions."
            ) from error

    def uri(self, path: str) -> str:
        """Return the path on this machine."""
        return printable(self._place(path))

    def locate(self, path: str) -> str:
        """Return the path that is there: with slashes turned, or in another Unicode form."""
        if not path.isascii() or "\\" in path:
            for choice in (path, path.replace("\\", "/")):
                if (found := self._alike(choice)) is not None:
                    return found
        return path.replace("\\", "/")

    def position(self, path: str) -> int:
        """Return 0: a folder is read in any order."""
        return 0

    def _alike(self, path: str) -> str | None:
        """Return a path whose parts are called the same to the eye, or None where there is none."""
        if os.path.lexists(self._place(path)):
            return path
        found = "/" if path.startswith("/") else ""
        for part in path.strip("/").split("/"):
            name: str | None = part
            if not os.path.lexists(self._place(found + part)):
                name = self._names_in(found).get(unicodedata.normalize("NFC", part))
            if name is None:
                return None
            found = f"{found}{name}/"
        return found.rstrip("/")

    def _names_in(self, folder: str) -> dict[str, str]:
        """Return the names in a folder that have several Unicode forms, by their composed form."""
        if folder not in self._names:
            try:
                names = sorted(os.listdir(self._place(folder)))  # noqa: PTH208 - names are enough
            except (OSError, ValueError):
                names = []
            self._names[folder] = {
                unicodedata.normalize("NFC", name): name for name in names if not name.isascii()
            }
        return self._names[folder]

    def _place(self, path: str) -> str:
        return os.path.join(self.folder, path)  # noqa: PTH118 - the same


def _walk(
    folder: str,
    prefix: str,
    above: tuple[tuple[int, int], ...],
    num_links: int = 0,
    *,
    deep: bool = True,
) -> Iterator[Entry]:
    try:
        status = os.stat(folder)  # noqa: PTH116
        place = (status.st_dev, status.st_ino)
        if place in above:
            return
        with os.scandir(folder) as found:
            children = sorted(found, key=lambda child: child.name)
    except OSError as error:
        yield Entry(prefix, None, "", UNREADABLE, f"folder: {_words(error)}")
        return
    if not children and prefix:
        yield Entry(prefix, None, "")
    for child in children:
        path = prefix + child.name
        try:
            if child.is_dir():
                if not deep:
                    continue
                links = num_links + child.is_symlink()
                if links > MOST_LINKS:
                    reason = f"folder: {MOST_LINKS} links before it"
                    yield Entry(f"{path}/", None, "", UNREADABLE, reason)
                    continue
                yield from _walk(child.path, f"{path}/", (*above, place), links)
                continue
            status = child.stat()
            yield Entry(path, status.st_size, str(status.st_mtime_ns))
        except OSError as error:
            yield Entry(path, None, "", UNREADABLE, _words(error))


def _words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
