"""Where a model folder lies, and what can be done there: on this machine, or in a store."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sightline.ground.models.model_folder import in_service, numbers_named
from sightline.stage.formats.bundle import BundleInfo, read_info, read_sound


class Place(ABC):
    """A model folder; what changes it is called while it is held."""

    shown: str
    """Its path or address, as everybody may see it."""

    @abstractmethod
    def exists(self) -> bool:
        """Tell whether there is anything."""

    @abstractmethod
    def folders(self) -> list[str]:
        """Name the folders directly below, hidden ones, too.

        Raises:
            FolderError: it cannot be read.
        """

    @abstractmethod
    def has(self, file: str) -> bool:
        """Tell whether there is such a file."""

    @abstractmethod
    def read(self, file: str) -> bytes:
        """Return what is in a file; nothing where there is none."""

    @abstractmethod
    def append(self, file: str, content: bytes) -> None:
        """Write to the end of a file."""

    @abstractmethod
    def changed(self, name: str) -> str:
        """Return when a folder came to be, ISO 8601 in UTC."""

    @abstractmethod
    def held(self) -> AbstractContextManager[None]:
        """Keep all others from changing anything.

        Raises:
            FolderError: somebody else does, for too long.
        """

    @abstractmethod
    def here(self, name: str) -> AbstractContextManager[Path]:
        """Have the files of a folder on this machine."""

    @abstractmethod
    def staging(self) -> AbstractContextManager[Path]:
        """Have a place on this machine, where nothing is yet, to lay out a version."""

    @abstractmethod
    def put(self, staged: Path, name: str) -> None:
        """Bring what was laid out there under its name: whole or not at all."""

    @abstractmethod
    def move(self, name: str, to: str) -> None:
        """Give a folder another name: it appears and disappears whole."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a folder that is no version."""

    @abstractmethod
    def leftovers(self) -> list[str]:
        """Name what killed processes left; only the holder knows that none is at work."""

    def taken(self, prefix: str = "") -> list[int]:
        """Return the numbers of folders with a prefix, newest first."""
        return numbers_named(self.folders(), prefix)

    def versions(self) -> list[int]:
        """Return the versions in service, newest first; the first is live."""
        return in_service(self.taken(), self.has)

    def info(self, name: str) -> BundleInfo:
        """Return what a version says of itself.

        Raises:
            DataError: it says nothing that can be read.
        """
        with self.information(name) as place:
            return read_info(place)

    @contextmanager
    def information(self, name: str) -> Iterator[Path]:
        """Have the `bundle.json` of a version on this machine, if not more."""
        with self.here(name) as place:
            yield place

    def check(self, name: str) -> BundleInfo:
        """Return what a version says of itself, once every file is as export wrote it.

        Raises:
            DataError: one is missing or has changed.
        """
        with self.here(name) as place:
            return read_sound(place)
