"""A bundle in the store of a cloud, where its servers get it: once, whole, under its digest."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from components.deploy.target import Bundle
from sightline.ground.errors import DataError, SettingsError
from sightline.ground.models.model_folder import INFO_FILE
from sightline.ground.patience import Patience
from sightline.ground.storage.addresses import Address, scheme_of
from sightline.ground.storage.store_errors import cause_of, words_of
from sightline.ground.storage.stores import StoreOptions, open_store, path_in_store
from sightline.ground.storage.transfer import bring_file, patiently, send_file
from sightline.ground.wording import counted
from sightline.stage import log
from sightline.stage.command import MOUNTS
from sightline.stage.formats.bundle import check_files, files_of, read_info

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Answer = TypeVar("Answer")
FOLDER = "bundles"
"""Below the model folder."""


class StoredBundle:
    """The place of a bundle below a model folder that lies in a store."""

    def __init__(
        self,
        bundle: Bundle,
        folder: str,
        schemes: tuple[str, ...],
        options: StoreOptions | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Know the place.

        Raises:
            SettingsError: the model folder is in no store that the cloud reads.
        """
        self._bundle, self._patience = bundle, patience or Patience()
        self.address = f"{in_store(folder, schemes)}/{FOLDER}/{bundle.info.digest[:16]}"
        self._store: Callable[[], AbstractFileSystem]
        self._store = lambda: open_store(scheme_of(self.address), options)

    @property
    def is_there(self) -> bool:
        """Tell whether every file is there: `bundle.json` comes last.

        Raises:
            DataError: the store does not answer.
        """
        return self._asked("look for", INFO_FILE, self._looking)

    def actions(self) -> list[str]:
        """Say in sentences what `bring` would do."""
        files = counted(len(self._bundle.info.files) + 1, "file")
        return [] if self.is_there else [f"Copy {files} to {self.address}."]

    def bring(self) -> None:
        """Bring every file there that is as export wrote it; a killed one is begun again.

        Raises:
            DataError: one has changed since, or cannot be written.
        """
        if self.is_there:
            return
        info, folder = self._bundle.info, self._bundle.folder
        check_files(folder, info)
        for name in (*info.files, INFO_FILE):
            self._asked("write", name, self._writing(folder / name))
        log.event("bundle is in the store", place=self.address, files=len(info.files) + 1)

    def _writing(self, file: Path) -> "Callable[[AbstractFileSystem, str], None]":
        return lambda store, path: send_file(store, file, path, self._patience)

    def _looking(self, store: "AbstractFileSystem", path: str) -> bool:
        return patiently(lambda: bool(store.exists(path)), self._patience)

    def _asked(
        self, what: str, name: str, call: "Callable[[AbstractFileSystem, str], Answer]"
    ) -> Answer:
        address = f"{self.address}/{name}"
        path = path_in_store(address)
        return asked(what, address, lambda: call(self._store(), path))


def asked(what: str, address: str, call: Callable[[], Answer]) -> Answer:
    """Make a call to a store.

    Raises:
        DataError: it fails.
    """
    try:
        return call()
    except Exception as error:  # the clients of stores raise what they like
        raise DataError(
            f"{Address(address)}: expected to {what} it; received: {words_of(error)}. "
            f"{cause_of(error).value}"
        ) from error


def in_store(folder: str, schemes: tuple[str, ...]) -> str:
    """Return the address of a model folder, also where a pipeline sees it as a folder.

    Raises:
        SettingsError: the cloud does not read there.
    """
    seen = [(scheme, mount) for scheme, mount in MOUNTS.items() if folder.startswith(mount)]
    address = seen[0][0] + folder.removeprefix(seen[0][1]) if seen else folder
    address = address.rstrip("/")
    if scheme_of(address) not in schemes:
        known = " or ".join(f"{scheme}://BUCKET/models/NAME" for scheme in schemes)
        raise SettingsError(
            f"deploy: `folder`: expected an address that the servers of this target read "
            f"({known}); received {folder!r}. They get the bundle from there."
        )
    return address


def brought_here(address: str, scratch: Path) -> Path:
    """Return a bundle's folder: a path of this machine as it is, one in a store in `scratch`.

    Raises:
        DataError: there is none, or it cannot be read whole.
    """
    scheme = scheme_of(address)
    if not scheme:
        return Path(address).expanduser()
    store, root = open_store(scheme), path_in_store(address).rstrip("/")

    def bring(name: str) -> None:
        source, target = f"{root}/{name}", scratch / name
        asked("read", f"{address}/{name}", partial(bring_file, store, source, target, Patience()))

    bring(INFO_FILE)
    for name in files_of(read_info(scratch), Address(address))[1:]:
        bring(name)
    return scratch
