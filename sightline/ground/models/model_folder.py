"""The versions of a model folder, by their numbers, and which of them is live.

Numbers are as TensorFlow Serving reads them; the highest is live. A version that was rolled back
keeps its files under another name, and so do a challenger, which is not live yet, one that deploy
found damaged, and those that nobody answers with since `sightline undeploy`. The folder may lie
here or in a store: names are all that counts.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

INFO_FILE = "bundle.json"
MARKS = (INFO_FILE, "saved_model.pb")
"""The files without which a folder is no version: not here, and not to TensorFlow Serving."""
ROLLED_BACK_PREFIX = ".rolled-back-"
DAMAGED_PREFIX = ".damaged-"
CHALLENGER_PREFIX = ".challenger-"
UNDEPLOYED_PREFIX = ".undeployed-"
PREFIXES = ("", CHALLENGER_PREFIX, UNDEPLOYED_PREFIX, ROLLED_BACK_PREFIX, DAMAGED_PREFIX)
"""What stands before the number of a version in the name of its folder."""
STAGING_PREFIX = ".staging-"
REMOVING_PREFIX = ".removing-"
UNFINISHED = ".unfinished"
"""In a folder whose files come or go one by one, because there is no rename: written before any
other file of it, removed after all of them."""
CANARY = ".canary"
"""Folder in which deploy and servers talk about a challenger."""
LOCK = ".lock"
LOCK_TIMEOUT_SECONDS = 120.0
LOCK_POLL_SECONDS = 0.1
# TensorFlow Serving reads a version as a 64-bit number.
NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class FolderError(UserError):
    """A model folder cannot do what was asked of it."""


def live_number(folder: Path) -> int | None:
    """Return the number of the live version, or None if there is none.

    Raises:
        FolderError: the folder cannot be read.
    """
    return next(iter(version_numbers(folder)), None)


def version_numbers(folder: Path) -> list[int]:
    """Return the numbers of the versions in a folder, newest first; none if it is absent.

    Raises:
        FolderError: the folder cannot be read.
    """
    return in_service(taken_numbers(folder), lambda name: (folder / name).is_file())


def in_service(taken: Iterable[int], has: Callable[[str], bool]) -> list[int]:
    """Return the numbers that are versions, of those that name folders; the first is live.

    Args:
        taken: numbers that name folders, newest first.
        has: tells whether there is a file of this name below the model folder.
    """
    return [number for number in taken if all(has(f"{number}/{mark}") for mark in MARKS)]


def versions_in_store(store: "AbstractFileSystem", root: str) -> list[int]:
    """Return the numbers of the versions in a model folder of a store, newest first."""
    names = [str(path).rstrip("/").rpartition("/")[2] for path in store.ls(root, detail=False)]
    return in_service(numbers_named(names), lambda file: bool(store.exists(f"{root}/{file}")))


def taken_numbers(folder: Path, prefix: str = "") -> list[int]:
    """Return the numbers that name folders here, half-written versions too, newest first.

    Raises:
        FolderError: the folder cannot be read.
    """
    return numbers_named(folder_names(folder), prefix)


def folder_names(folder: Path) -> list[str]:
    """Name the folders in a model folder; none if it is absent.

    Raises:
        FolderError: the folder cannot be read.
    """
    try:
        return [path.name for path in folder.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FolderError(
            f"{folder}: expected a model folder that can be read; the system says: "
            f"{error.strerror}. Correct the path, or its permissions."
        ) from error


def numbers_named(names: Iterable[str], prefix: str = "") -> list[int]:
    """Return the numbers that names of folders give behind a prefix, newest first."""
    found = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
    return sorted((int(name) for name in found if NUMBER.fullmatch(name)), reverse=True)


def in_order(files: Iterable[str]) -> list[str]:
    """Return a version's files in the order in which they are written: `bundle.json` decides."""
    found = sorted(files)
    return [*(f for f in found if f not in MARKS), *(f for f in reversed(MARKS) if f in found)]


def wanted_version(version: int | None, numbers: list[int], folder: object) -> int | None:
    """Return the version that is asked for, None for the live one, where it is among those there.

    Raises:
        FolderError: it is not, or there is none at all.
    """
    if not numbers:
        raise FolderError(
            f"{folder}: expected a model folder with a version in it, found none. "
            "Run the pipeline first, or name the folder that deploy wrote."
        )
    if version is not None and version not in numbers:
        listed = ", ".join(map(str, numbers))
        raise FolderError(f"{folder}: expected one of the versions {listed}; received {version}.")
    return version


def version_place(folder: Path, number: int) -> Path:
    """Return where the files of a version lie: that of a challenger, where it is one."""
    challenger = folder / f"{CHALLENGER_PREFIX}{number}"
    return challenger if challenger.is_dir() else folder / str(number)


def live_and_before(folder: Path) -> list[int]:
    """Return the live version and the one that a rollback would make live, as far as there are.

    Raises:
        FolderError: the folder cannot be read.
    """
    return version_numbers(folder)[:2]


def killed_leftovers(folder: Path) -> list[Path]:
    """Return what killed deployments left; the holder of the lock knows that none is at work."""
    left = leftovers_named(folder_names(folder), lambda name: (folder / name).is_file())
    return sorted(folder / name for name in left)


def leftovers_named(names: Iterable[str], has: Callable[[str], bool]) -> list[str]:
    """Name the folders that killed commands left, here or in a store; all others are somebody's.

    Args:
        names: the folders of a model folder.
        has: tells whether there is a file of this name below the model folder.
    """
    known = list(names)
    hidden = [name for name in known if name.startswith((STAGING_PREFIX, REMOVING_PREFIX))]
    versions = [f"{prefix}{n}" for prefix in PREFIXES for n in numbers_named(known, prefix)]
    # Whoever was killed right before removing the mark left a version that is whole.
    unfinished = (name for name in versions if has(f"{name}/{UNFINISHED}"))
    return [*hidden, *(name for name in unfinished if not has(f"{name}/{INFO_FILE}"))]


@contextmanager
def locked(folder: Path, *, timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> Iterator[None]:
    """Hold the folder's lock, so that only one process changes it; a killed one lets go.

    Raises:
        FolderError: another process holds it for longer than the timeout, or nobody can.
    """
    # What takes flock's place on file systems without it would outlive a killed process.
    lock = FileLock(
        folder / LOCK, timeout_seconds, poll_interval=LOCK_POLL_SECONDS, fallback_to_soft=False
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise FolderError(
            f"{folder}: expected to change the folder alone; another deployment or "
            f"rollback has been at work for {timeout_seconds:g} seconds. "
            "Wait for it to end, then try again."
        ) from None
    except OSError as error:
        raise FolderError(
            f"{folder}: expected a model folder that can be changed; the system says: "
            f"{error.strerror}. Correct the path, or its permissions."
        ) from error
    try:
        yield
    finally:
        lock.release()
