"""What tables share: their lines, and where the images are that they name."""

import io
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sightline.ground.source.files import Files
from sightline.ground.source.local_files import LocalFiles
from sightline.ground.source.refusals import UNREADABLE, UNSAFE_PATH, RefusedError
from sightline.ground.source.remote.reach import TableHosts, reach_of
from sightline.ground.source.remote.remote_files import RemoteFiles
from sightline.ground.storage.addresses import REMOTE_SCHEMES, scheme_of

DRIVE = re.compile(r"[A-Za-z]:[\\/]")
INSIDE = "inside"
"""The scheme of images that a table holds itself."""
LONGEST_LINE = 1 << 20
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@contextmanager
def open_lines(files: Files, table: str) -> Iterator[Iterator[str]]:
    """Open a table as lines with their ends, none longer than a million characters.

    UTF-8 with or without byte order mark, or UTF-16 with one. Bytes that are no UTF-8 become
    surrogates, so that one wrong cell does not cost the others, and so that a path still names
    its file.
    """
    stream = files.open(table)
    is_utf16 = stream.read(2) in UTF16_MARKS
    stream.seek(0)
    with io.TextIOWrapper(
        stream,
        encoding="utf-16" if is_utf16 else "utf-8-sig",
        errors="replace" if is_utf16 else "surrogateescape",
        newline="",
    ) as text:
        yield iter(partial(text.readline, LONGEST_LINE), "")


class References:
    """Finds the files that a table names, relative to the table itself."""

    def __init__(
        self, files: Files, table: str, table_hosts: TableHosts, *, inside: Files | None = None
    ) -> None:
        self._files, self._inside = files, inside
        self._folder = posixpath.dirname(table)
        self._remote = RemoteFiles("", reach_of(files, table_hosts))

    def resolve(self, reference: str) -> tuple[Files, str]:
        """Return the place and the path of an image.

        Raises:
            RefusedError: it has no path, or one that leads out of an archive or a server to here.
        """
        reference = reference.strip()
        if not reference or "\0" in reference:
            raise RefusedError(UNREADABLE, "no path")
        if self._inside is not None and scheme_of(reference) == INSIDE:
            return self._inside, reference
        is_local = isinstance(self._files, LocalFiles)
        scheme = scheme_of(reference)
        if scheme in REMOTE_SCHEMES:
            return self._remote, reference
        if scheme == "file" and is_local:
            reference = reference[len("file://") :]
        elif scheme:
            raise RefusedError(UNSAFE_PATH, f"{scheme}:// is none of gs, s3 and https")
        if DRIVE.match(reference):
            raise RefusedError(
                UNREADABLE,
                "a path on a drive of Windows",
                remedy="Write paths that start from the table, such as images/1.jpg.",
            )
        path = posixpath.normpath(posixpath.join(self._folder, reference))
        if not is_local:
            path = posixpath.normpath(posixpath.join(self._folder, reference.replace("\\", "/")))
            if path.startswith(("/", "../")) or path == "..":
                raise RefusedError(UNSAFE_PATH, "it leads out of the place that holds the table")
        return self._files, posixpath.normpath(self._files.locate(path))
