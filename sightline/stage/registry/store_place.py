"""A model folder in a store: it has no rename, so files are copied, and one small object decides.

A version is one once its `bundle.json` is there, which is written last, only where there is none
yet, and removed first. So what is live is the same here, on a file system and where a bucket is
mounted as one.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sightline.ground.errors import DataError, UserError
from sightline.ground.models.model_folder import (
    INFO_FILE,
    MARKS,
    UNFINISHED,
    FolderError,
    in_order,
    leftovers_named,
)
from sightline.ground.storage.addresses import Address, scheme_of
from sightline.ground.storage.store_errors import cause_of, words_of
from sightline.ground.storage.stores import open_store, path_in_store, written_at
from sightline.ground.storage.transfer import bring_file, send_file
from sightline.stage import log
from sightline.stage.registry.place import Place
from sightline.stage.registry.store_lock import held, write_new

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def told(call: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Say in words what a store answers that does not do what it is asked."""

    @wraps(call)
    def calling(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        place: Any = arguments[0]
        try:
            return call(*arguments, **named)
        except UserError:
            raise
        except Exception as error:  # the clients of stores raise what they like
            raise FolderError(
                f"{place.shown}: expected a model folder that can be read and changed; received: "
                f"{words_of(error)}. {cause_of(error).value}"
            ) from error

    return calling


class StorePlace(Place):
    """Names change by copying."""

    def __init__(self, address: Address) -> None:
        """Know the address; nothing is asked of the store yet."""
        self.shown = str(address).rstrip("/")
        self._root = path_in_store(address.whole).rstrip("/")
        self._store: AbstractFileSystem = open_store(scheme_of(address))

    @told
    def exists(self) -> bool:
        return bool(self._names())

    @told
    def folders(self) -> list[str]:
        return [name for name, is_folder in self._names().items() if is_folder]

    def _names(self) -> dict[str, bool]:
        """Return what lies directly below, and whether it is a folder."""
        try:
            found = self._store.ls(self._root, detail=True)
        except FileNotFoundError:
            return {}
        return {
            str(one["name"]).rstrip("/").rpartition("/")[2]: one["type"] == "directory"
            for one in found
        }

    @told
    def has(self, file: str) -> bool:
        return bool(self._store.exists(f"{self._root}/{file}"))

    @told
    def read(self, file: str) -> bytes:
        try:
            return bytes(self._store.cat_file(f"{self._root}/{file}"))
        except FileNotFoundError:
            return b""

    @told
    def append(self, file: str, content: bytes) -> None:
        # A store has no append; the lock keeps others out between the two calls.
        self._store.pipe_file(f"{self._root}/{file}", self.read(file) + content)

    @told
    def changed(self, name: str) -> str:
        found = written_at(self._store.info(f"{self._root}/{name}/{INFO_FILE}"))
        return datetime.fromtimestamp(found, UTC).isoformat(timespec="seconds")

    @contextmanager
    def held(self) -> Iterator[None]:
        with held(self._store, self._root, self.shown):
            yield

    @contextmanager
    def here(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="sightline-version-") as scratch:
            self._fetch(name, Path(scratch), self._files(name))
            with self._named(Path(scratch), name):
                yield Path(scratch)

    @contextmanager
    def information(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="sightline-version-") as scratch:
            self._fetch(name, Path(scratch), [INFO_FILE])
            with self._named(Path(scratch), name):
                yield Path(scratch)

    @contextmanager
    def _named(self, scratch: Path, name: str) -> Iterator[None]:
        """Name in messages where the files really lie."""
        try:
            yield
        except DataError as error:
            raise DataError(str(error).replace(str(scratch), f"{self.shown}/{name}")) from error

    @told
    def _files(self, name: str) -> list[str]:
        """Name the files below a folder, relative to it."""
        below = f"{self._root}/{name}/"
        return [str(path).removeprefix(below) for path in self._store.find(below)]

    @told
    def _fetch(self, name: str, folder: Path, files: list[str]) -> None:
        for file in files:
            if ".." in Path(file).parts:
                raise DataError(f"{self.shown}/{name}: expected files inside it, received {file}.")
            bring_file(self._store, f"{self._root}/{name}/{file}", folder / file)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="sightline-version-") as scratch:
            yield Path(scratch) / "version"

    @told
    def put(self, staged: Path, name: str) -> None:
        files = [path.relative_to(staged) for path in staged.rglob("*") if path.is_file()]
        self._mark(name)
        for file in in_order(map(str, files)):
            target, content = f"{self._root}/{name}/{file}", staged / file
            if file == INFO_FILE:
                self._decide(name, content.read_bytes())
            else:
                send_file(self._store, content, target)
        log.event("brought there", version=name, files=len(files))

    @told
    def move(self, name: str, to: str) -> None:
        files = [file for file in self._files(name) if file != UNFINISHED]
        self._mark(to)
        for file in in_order(files):
            source, target = f"{self._root}/{name}/{file}", f"{self._root}/{to}/{file}"
            if file == INFO_FILE:
                self._decide(to, bytes(self._store.cat_file(source)))
            else:
                self._store.cp_file(source, target)
        self._mark(name)
        self.remove(name)

    def _mark(self, name: str) -> None:
        """Say that a folder holds some files only, so that the next deployment may remove it."""
        self._store.pipe_file(f"{self._root}/{name}/{UNFINISHED}", b"")

    def _decide(self, name: str, content: bytes) -> None:
        """Write the object that makes a folder a version, where there is none yet.

        Raises:
            FolderError: there is one.
        """
        is_new = write_new(self._store, f"{self._root}/{name}/{INFO_FILE}", content)
        with suppress(FileNotFoundError):
            self._store.rm_file(f"{self._root}/{name}/{UNFINISHED}")
        if not is_new:
            raise FolderError(
                f"{self.shown}: expected to be alone in changing it; somebody else wrote "
                f"/{name}/{INFO_FILE} at the same time. Try again."
            )

    @told
    def remove(self, name: str) -> None:
        files = set(self._files(name))
        for file in [*MARKS, *sorted(files - {*MARKS, UNFINISHED}), UNFINISHED]:
            if file in files:
                with suppress(FileNotFoundError):
                    self._store.rm_file(f"{self._root}/{name}/{file}")

    def leftovers(self) -> list[str]:
        return leftovers_named(self.folders(), self.has)
