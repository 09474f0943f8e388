"""Bring a model from a store: the files that its `bundle.json` names, each by its SHA-256."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.ground.errors import DataError, UserError
from sightline.ground.models.model_folder import INFO_FILE, versions_in_store
from sightline.ground.storage.addresses import Address, is_local, scheme_of
from sightline.ground.storage.disk import disk_error
from sightline.ground.storage.store_errors import Cause, cause_of, words_of
from sightline.ground.storage.stores import ARTIFACT_SCHEMES, open_store, path_in_store
from sightline.ground.storage.transfer import bring_file
from sightline.serving.container.bundle_folder import names_in_version
from sightline.stage import log
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.formats.bundle import read_info, read_sound
from sightline.stage.formats.model_folder import newest_whole, tell_left
from sightline.stage.registry.log import LOG

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Get = Callable[[str, Path], None]


def fetched(model: str, scratch: Path) -> Path:
    """Return the folder of a model: a path of this machine as it is, others brought to `scratch`.

    Raises:
        UserError: it cannot be brought here whole.
    """
    if is_local(model):
        return Path(model)
    # The clients of stores, with their threads, have nothing to do in a server.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, log.configure, ("serve",)) as apart:
        return apart.submit(fetch, model, scratch).result()


def fetch(address: str, scratch: Path) -> Path:
    """Bring a bundle, a version or the newest whole version of a model folder to `scratch`.

    Raises:
        UserError: there is none, it cannot be read, or a file is not as export wrote it.
    """
    shown = Address(address.rstrip("/"))
    if scheme_of(shown) not in ARTIFACT_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in ARTIFACT_SCHEMES if scheme)
        raise DataError(f"{shown}: expected a model at a path or at {known}.")
    try:
        return _fetch(open_store(scheme_of(shown)), shown, scratch)
    except UserError:
        raise
    except Exception as error:  # the clients of stores raise what they like
        told = disk_error(error, scratch) if isinstance(error, OSError) else None
        if told is not None and cause_of(error) is Cause.BROKEN:
            raise told from error
        raise DataError(
            f"{shown}: expected to bring the model from there; received: {words_of(error)}. "
            f"{cause_of(error).value}"
        ) from error


def _fetch(store: "AbstractFileSystem", shown: Address, scratch: Path) -> Path:
    root = path_in_store(shown.whole).rstrip("/")
    if store.exists(f"{root}/{INFO_FILE}"):
        _fetch_version(store, root, shown, scratch / "1")
        return scratch

    def bring(number: int) -> None:
        _fetch_version(store, f"{root}/{number}", shown, scratch / str(number))

    sound, damaged = newest_whole(versions_in_store(store, root), bring)
    tell_left(damaged)
    if sound is None:
        none = "There is none: name the folder that export or deploy wrote."
        raise DataError(
            f"{shown}: expected a bundle or a model folder with a version that is whole. "
            f"{next(iter(damaged.values()), none)}"
        )
    if store.exists(f"{root}/{LOG}"):  # how far golden answers may differ stands there
        bring_file(store, f"{root}/{LOG}", scratch / LOG)
    return scratch


def _fetch_version(store: "AbstractFileSystem", root: str, shown: Address, version: Path) -> None:
    """Bring a bundle or a version; it gets its number once every file is as export wrote it."""
    staged = version.with_name(f".staging-{version.name}")
    bring_file(store, f"{root}/{INFO_FILE}", staged / INFO_FILE)
    names = names_in_version(shown, read_info(staged))
    in_bundle = store.exists(f"{root}/{SAVED_MODEL}")
    for inside, name in names.items():
        bring_file(store, f"{root}/{inside if in_bundle else name}", staged / name)
    try:
        read_sound(staged)
    except DataError as error:
        raise DataError(str(error).replace(str(staged), str(shown))) from error
    staged.rename(version)
    log.event("brought", model=str(shown), files=len(names))
