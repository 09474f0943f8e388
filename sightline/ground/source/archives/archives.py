"""Zip and tar archives, read in place: nothing is unpacked to disk."""

import posixpath
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Generic, TypeVar

from sightline.ground.errors import DataError
from sightline.ground.source.archives.archive_names import zip_names
from sightline.ground.source.files import Entry, Files, counted_bytes, printable
from sightline.ground.source.refusals import (
    DAMAGED,
    INVALID_LABEL,
    TOO_MANY_BYTES,
    TRUNCATED,
    UNREADABLE,
    UNSAFE_PATH,
    Reason,
    RefusedError,
)

ZIP_SUFFIXES = (".zip",)
TAR_SUFFIXES = (
    *(".tar", ".tgz", ".tar.gz", ".tbz", ".tbz2", ".tar.bz2"),
    *(".txz", ".tar.xz"),
)
ENCRYPTED_FLAG = 0x1
READ_METHODS = frozenset(
    (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
)
UNKNOWN_ENCODING = "the archive does not tell the encoding of this name; pack it again with UTF-8"
UNPACK = "Unpack it on this machine, and pass the folder or pack it again as a plain zip."
UNREADABLE_ERRORS = (
    *(OSError, EOFError, zlib.error, ValueError, RuntimeError),
    *(zipfile.BadZipFile, tarfile.TarError),
)


def is_archive(path: str) -> bool:
    """Tell by its name whether a file is an archive that we read."""
    return path.partition("?")[0].lower().endswith(ZIP_SUFFIXES + TAR_SUFFIXES)


@contextmanager
def open_archive(file: IO[bytes], location: str, *, remote: bool = False) -> Iterator[Files]:
    """Open an archive as a place that holds files.

    Raises:
        DataError: the file is no whole archive.
    """
    is_zip = location.partition("?")[0].lower().endswith(ZIP_SUFFIXES)
    archive: zipfile.ZipFile | tarfile.TarFile
    try:
        archive = zipfile.ZipFile(file) if is_zip else tarfile.open(fileobj=file)  # noqa: SIM115 - below
    except UNREADABLE_ERRORS as error:
        raise DataError(
            f"{location}: expected a whole {'zip' if is_zip else 'tar'} archive, received "
            f"something else ({error}). Copy or download the archive again."
        ) from error
    with archive:
        if isinstance(archive, zipfile.ZipFile):
            _check_locks(archive, location)
            yield ZipFiles(archive, location, remote=remote)
        else:
            yield TarFiles(archive, location, remote=remote)


Member = TypeVar("Member")


class _Members(Generic[Member]):
    """What archives have in common: members by path, also by another form of their names."""

    location: str
    _members: dict[str, Member]
    _folders: list[str]
    _composed: dict[str, str] | None = None

    def _empty_folders(self) -> Iterator[Entry]:
        """Yield the folders of the archive in which nothing lies."""
        above = {path[:at] for path in self._members for at, c in enumerate(path) if c == "/"}
        above.update(path[:at] for path in self._folders for at, c in enumerate(path) if c == "/")
        for path in sorted(set(self._folders) - above - {"."}):
            if _problem(path) is None:
                yield Entry(f"{path}/", None, "")

    def uri(self, path: str) -> str:
        """Return the archive and the member."""
        return printable(f"{self.location}/{path}")

    def locate(self, path: str) -> str:
        """Return the member that a table means: its name may be in another Unicode form."""
        if path in self._members or path.isascii():
            return path
        if self._composed is None:
            self._composed = _composed(self._members)
        return self._composed.get(unicodedata.normalize("NFC", path), path)


class ZipFiles(_Members[zipfile.ZipInfo]):
    """The members of a zip archive, which can be read in any order."""

    sequential = False

    def __init__(self, archive: zipfile.ZipFile, location: str, *, remote: bool) -> None:
        self._archive, self.location, self.remote = archive, location, remote
        self._members, self._folders = {}, []
        self._unnamed: set[str] = set()

    def listing(self) -> Iterator[Entry]:
        """Yield every member, sorted by path."""
        if not self._members:
            infos = self._archive.infolist()
            for info, name in zip(infos, zip_names(infos), strict=True):
                path = _slashed(info.orig_filename if name is None else name)
                if info.is_dir():
                    self._folders.append(path)
                    continue
                self._members[path] = info
                self._unnamed.update([path] if name is None else [])
        yield from self._empty_folders()
        for path, info in sorted(self._members.items()):
            if path in self._unnamed:
                yield Entry(path, info.file_size, "", INVALID_LABEL, UNKNOWN_ENCODING)
                continue
            is_link = stat.S_ISLNK(info.external_attr >> 16)
            problem = _problem(path, is_regular=not is_link)
            detail = "a link in the archive" if is_link else ""
            yield Entry(path, info.file_size, f"{info.CRC:08x}", problem, detail)

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Unpack one member in memory; its declared size bounds what is unpacked."""
        info = self._members.get(path)
        if info is None or _problem(path) is not None:
            raise RefusedError(UNREADABLE, "no such file in the archive")
        if locked := _locked(info):
            raise RefusedError(UNREADABLE, locked, remedy=UNPACK)
        if info.file_size > max_bytes:
            packed = f"{counted_bytes(info.file_size)} from {counted_bytes(info.compress_size)}"
            raise RefusedError(TOO_MANY_BYTES, packed)
        try:
            return self._archive.read(info)
        except UNREADABLE_ERRORS as error:
            raise RefusedError(DAMAGED, f"in the archive: {printable(str(error))}") from error

    def open(self, path: str) -> IO[bytes]:
        """Open a table of the archive."""
        try:
            return self._archive.open(self._members[path])
        except UNREADABLE_ERRORS as error:
            raise _unreadable_table(self.uri(path), error) from error

    def position(self, path: str) -> int:
        """Return 0: members are read in any order."""
        return 0


class TarFiles(_Members[tarfile.TarInfo]):
    """The members of a tar archive, which may be compressed as a whole: read them in order."""

    sequential = True

    def __init__(self, archive: tarfile.TarFile, location: str, *, remote: bool) -> None:
        self._archive, self.location, self.remote = archive, location, remote
        self._members, self._folders = {}, []
        self._cut = ""

    def listing(self) -> Iterator[Entry]:
        """Yield every member in the order of the archive; a cut archive ends with a problem."""
        if not self._members:
            self._list()
        yield from self._empty_folders()
        for path, member in self._members.items():
            is_regular = member.isreg() and not member.issparse()
            problem = _problem(path, is_regular=is_regular)
            detail = "" if is_regular else "a link or device in the archive"
            yield Entry(path, member.size, str(member.mtime), problem, detail)
        if self._cut:
            yield Entry(self.location, None, "", TRUNCATED, f"the archive: {self._cut}")

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Unpack one member in memory."""
        member = self._members.get(path)
        if member is None or _problem(path, is_regular=member.isreg()) is not None:
            raise RefusedError(UNREADABLE, "no such file in the archive")
        if member.size > max_bytes:
            raise RefusedError(TOO_MANY_BYTES, counted_bytes(member.size))
        try:
            with self._extract(member) as file:
                data = file.read()
        except UNREADABLE_ERRORS as error:
            raise RefusedError(DAMAGED, f"in the archive: {error}") from error
        if len(data) < member.size:
            raise RefusedError(TRUNCATED, f"{len(data):,} of {counted_bytes(member.size)}")
        return data

    def open(self, path: str) -> IO[bytes]:
        """Open a table of the archive."""
        try:
            return self._extract(self._members[path])
        except UNREADABLE_ERRORS as error:
            raise _unreadable_table(self.uri(path), error) from error

    def position(self, path: str) -> int:
        """Return where the member's bytes lie in the archive."""
        member = self._members.get(path)
        return member.offset_data if member else 0

    def _list(self) -> None:
        try:
            for member in self._archive:
                if member.isdir():
                    self._folders.append(_slashed(member.name))
                else:
                    self._members[_slashed(member.name)] = member
        except UNREADABLE_ERRORS as error:
            self._cut = str(error)

    def _extract(self, member: tarfile.TarInfo) -> IO[bytes]:
        file = self._archive.extractfile(member)
        if file is None:
            raise OSError("no regular file")
        return file


def _check_locks(archive: zipfile.ZipFile, location: str) -> None:
    """Refuse an archive of which no member can be read, once and not for each member.

    Raises:
        DataError: all members are encrypted, or packed by a method that is not read.
    """
    reasons = [_locked(info) for info in archive.infolist() if not info.is_dir()]
    if reasons and all(reasons):
        raise DataError(
            f"{location}: expected an archive that can be read without a password, received "
            f"{len(reasons):,} files, the first of them {reasons[0]}. {UNPACK}"
        )


def _locked(info: zipfile.ZipInfo) -> str:
    """Say why a member cannot be unpacked though it is whole, or nothing."""
    if info.flag_bits & ENCRYPTED_FLAG:
        return "encrypted"
    if info.compress_type not in READ_METHODS:
        name = vars(zipfile)["compressor_names"].get(info.compress_type, str(info.compress_type))
        return f"packed by a method that is not read ({name})"
    return ""


def _composed(members: Iterable[str]) -> dict[str, str]:
    """Return the members whose names have several Unicode forms, by their composed form."""
    return {unicodedata.normalize("NFC", name): name for name in members if not name.isascii()}


def _slashed(name: str) -> str:
    """Return a member's path with forward slashes and without dots that say nothing."""
    name = name.replace("\\", "/")
    return name if ".." in name.split("/") else posixpath.normpath(name)


def _problem(path: str, *, is_regular: bool = True) -> Reason | None:
    """Return why a member is not read: it is a link, or its path leaves the archive."""
    is_absolute = path.startswith("/") or path[1:2] == ":"
    if is_absolute or ".." in path.split("/") or not is_regular:
        return UNSAFE_PATH
    return None


def _unreadable_table(location: str, error: Exception) -> DataError:
    return DataError(
        f"{location}: expected a table that can be read, received a damaged archive ({error}). "
        "Copy or download the archive again."
    )
