"""Files behind a URI: gs://, s3:// and https://, through fsspec."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, TypeVar
from unicodedata import normalize
from urllib.parse import quote, unquote

from sightline.ground.errors import DataError
from sightline.ground.source.files import Entry, counted_bytes
from sightline.ground.source.refusals import (
    DOWNLOAD_FAILED,
    FORBIDDEN_HOST,
    TOO_MANY_BYTES,
    UNREADABLE,
    RefusedError,
)
from sightline.ground.source.remote.meter import LONGEST_SECONDS, Meter, PastBoundError, room_beside
from sightline.ground.source.remote.reach import OPEN, PORTS, Reach, forbidden_host
from sightline.ground.storage.addresses import is_web, scheme_of
from sightline.ground.storage.redaction import redact
from sightline.ground.storage.store_errors import (
    NO_SUCH_FILE,
    Cause,
    CredentialsError,
    cause_of,
    words_of,
)
from sightline.ground.storage.stores import StoreOptions, open_store

Result = TypeVar("Result")

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.25
# More than one part of an S3 object at a time costs a HEAD request before each image.
PATIENCE = StoreOptions(
    connect_seconds=30, silence_seconds=60, max_attempts=None, max_concurrency=1
)
STAMPS = ("generation", "ETag", "etag", "Last-Modified", "LastModified", "updated", "mtime")


class RemoteFiles:
    """A bucket, a folder of a bucket, or a folder that a web server lists."""

    sequential = False
    remote = True

    def __init__(self, address: str, reach: Reach) -> None:
        self._address, self._reach = address.rstrip("/"), reach
        self.location = redact(address)
        self._sizes: dict[str, int] = {}

    def listing(self) -> Iterator[Entry]:
        """Yield every file below the address, sorted by path.

        Raises:
            DataError: the address cannot be listed.
        """
        for name, info in sorted(list_folder(self._address, self._reach).items()):
            entry = Entry(name, info.get("size"), stamp_of(info))
            if entry.size is not None:
                self._sizes[name] = entry.size
            yield entry

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """Return the content of a file; a broken transfer is tried again."""
        size = self._sizes.get(path, 0)
        if size > max_bytes:
            raise RefusedError(TOO_MANY_BYTES, counted_bytes(size))
        forms = dict.fromkeys([path, *(normalize(form, path) for form in ("NFC", "NFD"))])
        for form in forms:
            try:
                return fetch(self.address(form), max_bytes=max_bytes, reach=self._reach)
            except RefusedError as error:
                # A table may write a name in another Unicode form than the store: look only then.
                if error.reason is not UNREADABLE or error.detail != NO_SUCH_FILE:
                    raise
                missing = error
        raise missing

    def open(self, path: str) -> IO[bytes]:
        """Copy a table to a temporary file and open that: a broken transfer is tried again."""
        return download(self.address(path), self._reach)

    def uri(self, path: str) -> str:
        """Return the address of a file without secrets."""
        return redact(self.address(path))

    def locate(self, path: str) -> str:
        """Return the path as it is: to look costs a request each."""
        return path

    def position(self, path: str) -> int:
        """Return 0: objects are read in any order."""
        return 0

    def address(self, path: str) -> str:
        """Return the whole address of a file; an address stays as it is."""
        if scheme_of(path):
            return path
        return f"{self._address}/{quote(path) if is_web(self._address) else path}"


def list_folder(address: str, reach: Reach = OPEN) -> dict[str, dict[str, Any]]:
    """Return what fsspec knows of every file below an address, by relative path.

    Raises:
        DataError: the address cannot be listed.
    """
    store = filesystem(scheme_of(address), reach)
    options: dict[str, Any] = {"on_error": "raise"} if is_web(address) else {}

    def find() -> dict[str, Any]:
        store.invalidate_cache()
        # A web server lists `photos/`, and often nothing at `photos`.
        return dict(store.find(f"{address.rstrip('/')}/", detail=True, **options))

    try:
        found = patiently(find)
    except Exception as error:
        raise unreachable(address, error) from error
    root = f"{address}/" if is_web(address) else f"{store._strip_protocol(address)}/"
    files = {name.removeprefix(root): info for name, info in found.items() if name != root}
    if is_web(address):
        # Servers link the columns of their listing too: `?C=M;O=D` sorts by time.
        files = {unquote(name): info for name, info in files.items() if "?" not in name}
    return {name: info for name, info in files.items() if name and not name.endswith("/")}


def stamp_of(info: dict[str, Any]) -> str:
    """Return what changes when the file does: generation, entity tag or time."""
    return next((str(info[name]) for name in STAMPS if info.get(name)), "")


def stat(address: str, reach: Reach = OPEN) -> Entry:
    """Return size and stamp of one file.

    Raises:
        DataError: there is none, or it cannot be reached.
    """
    try:
        store = filesystem(scheme_of(address), reach)
        info = patiently(lambda: dict(store.info(address)))
    except Exception as error:
        raise unreachable(address, error) from error
    return Entry(redact(address), info.get("size"), stamp_of(info))


def fetch(address: str, *, max_bytes: int, reach: Reach = OPEN) -> bytes:
    """Return the content of one file.

    Raises:
        RefusedError: it cannot be read after some attempts, is too large, comes too slowly, or
            lies on a server that may not be asked.
        CredentialsError: nothing can be read at all without credentials.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            copy = copy_file(
                address, Path(folder), max_bytes, reach=reach, max_seconds=LONGEST_SECONDS
            )
        except (CredentialsError, RefusedError):
            raise
        except PastBoundError as error:
            reason = TOO_MANY_BYTES if error.is_size else DOWNLOAD_FAILED
            raise RefusedError(reason, str(error)) from error
        except Exception as error:
            cause = cause_of(error)
            if cause is Cause.CREDENTIALS:
                raise unreachable(address, error) from error
            if forbidden := forbidden_host(error):
                raise RefusedError(FORBIDDEN_HOST, str(forbidden)) from error
            reason = UNREADABLE if cause in (Cause.MISSING, Cause.DENIED) else DOWNLOAD_FAILED
            raise RefusedError(reason, words_of(error)) from error
        return copy.read_bytes()


def download(address: str, reach: Reach) -> IO[bytes]:
    """Copy a file to this machine and open the copy, which vanishes when it is closed.

    Raises:
        DataError: it cannot be copied, or would fill the disk.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        room = room_beside(folder)
        try:
            return copy_file(address, folder, room, reach=reach).open("rb")
        except PastBoundError as error:
            raise DataError(
                f"{redact(address)}: expected a file of at most {counted_bytes(room)}, for which "
                f"there is room beside {folder.parent}, and that keeps coming; received {error}. "
                "Free space there, name another folder in TMPDIR, or copy the file here yourself "
                "and take its path as ingest.source."
            ) from error
        except Exception as error:
            raise unreachable(address, error) from error


def copy_file(
    address: str,
    folder: Path,
    max_bytes: int,
    *,
    reach: Reach,
    max_seconds: float = float("inf"),
) -> Path:
    """Copy a file into a folder of this machine, within bounds; try again where that may help.

    Raises:
        PastBoundError: it is too large, or comes too slowly.
    """
    copy = folder / "copy"
    scheme = scheme_of(address)
    store = filesystem(scheme, reach)
    # In parts side by side, a Google object costs a request for its size first.
    options = {"concurrency": 1} if scheme in ("gs", "gcs") else {}

    def get() -> None:
        meter = Meter(max_bytes, max_seconds=max_seconds)
        store.get_file(address, str(copy), callback=meter, **options)

    patiently(get)
    return copy


def patiently(call: Callable[[], Result]) -> Result:
    """Return what a call returns; try again with longer and longer pauses where that may help."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return call()
        except Exception as error:
            is_final = isinstance(error, PastBoundError) or forbidden_host(error) is not None
            if attempt == ATTEMPTS or is_final or cause_of(error) is not Cause.BROKEN:
                raise
            time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    raise AssertionError("the last attempt returns or raises")


def unreachable(address: str, error: Exception) -> DataError:
    """Say in one line why a source cannot be read, and what to do."""
    if forbidden := forbidden_host(error):
        return DataError(
            f"{redact(address)}: expected a server that everybody can reach, or the one of "
            f"ingest.source, received {forbidden}. {FORBIDDEN_HOST.remedy}"
        )
    cause = cause_of(error)
    kind = CredentialsError if cause is Cause.CREDENTIALS else DataError
    return kind(
        f"{redact(address)}: expected files that can be read, received {words_of(error)}. "
        f"{cause.value}"
    )


@lru_cache(maxsize=16)
def filesystem(scheme: str, reach: Reach = OPEN) -> Any:
    """Return fsspec's file system for a scheme; web servers are asked within a reach.

    Raises:
        DataError: there is none, or its package is not installed.
    """
    try:
        if scheme in PORTS:
            from sightline.ground.source.remote.web_client import client_within

            return open_store(scheme, replace(PATIENCE, web_client=client_within(reach)))
        return open_store(scheme, PATIENCE)
    except (ImportError, ValueError) as error:
        raise DataError(
            f"{scheme}://: expected gs, s3 or https, received a scheme that is not available "
            f"({error}). Copy the images to one of them or to this machine."
        ) from error
