"""A bundle in a store, brought to this machine."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import INFO_FILE
from sightline.ground.patience import Patience
from sightline.ground.storage.addresses import Address, scheme_of
from sightline.ground.storage.store_errors import cause_of, words_of
from sightline.ground.storage.stores import open_store, path_in_store
from sightline.ground.storage.transfer import bring_file
from sightline.stage.formats.bundle import files_of, read_info

Answer = TypeVar("Answer")


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
