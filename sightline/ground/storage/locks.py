"""Locks that live exactly as long as a process, or a child that it hands them to.

filelock keeps its descriptor to itself. Here a child must inherit it, and the file names the
process that holds the lock.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from sightline.ground.errors import UserError
from sightline.ground.storage.disk import disk_error

RUN_LOCK = "lock"
WAIT_SECONDS = 3.0
DYING_SECONDS = 20.0
"""How long what a killed runner left may take to end: its guard gives up after ten."""
SOON_SECONDS = 0.5
_BETWEEN_TRIES_SECONDS = 0.05


def lock_run(folder: Path, wait_seconds: float = WAIT_SECONDS) -> IO[str]:
    """Hold the run in `folder` until the returned file is closed.

    The guard process inherits the lock and ends only after every task of a killed runner, so
    that who gets the lock can be sure that nothing writes there any more.

    Raises:
        UserError: another runner holds it.
    """
    path = folder / RUN_LOCK
    wait_while_dying(folder)
    if lock := hold_soon(path, wait_seconds):
        return lock
    raise UserError(
        f"Run {folder.name} is still running (process {holder(path) or 'unknown'}). "
        "Wait for it or end it, then resume."
    )


def is_locked(folder: Path) -> bool:
    """Tell whether a runner, or what is left of it, holds the run in `folder`."""
    return holder(folder / RUN_LOCK) is not None


def wait_while_dying(folder: Path, wait_seconds: float = DYING_SECONDS) -> None:
    """Wait while what is left of a killed runner still holds the run in `folder`."""
    deadline = time.monotonic() + wait_seconds
    while _is_left_behind(folder / RUN_LOCK) and time.monotonic() <= deadline:
        time.sleep(_BETWEEN_TRIES_SECONDS)


def _is_left_behind(path: Path) -> bool:
    process = holder(path)
    return process is not None and process > 0 and not lives(process)


def lives(process: int) -> bool:
    """Tell whether a process is there and has not been killed."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        )
    except (OSError, IndexError):
        return True  # a system without /proc
    return state != "Z"  # killed, and not yet collected by its parent


def hold_soon(path: Path, wait_seconds: float = SOON_SECONDS) -> IO[str] | None:
    """Hold a lock that someone may have for the instant of asking who holds it."""
    deadline = time.monotonic() + wait_seconds
    while (lock := try_to_hold(path)) is None and time.monotonic() <= deadline:
        time.sleep(_BETWEEN_TRIES_SECONDS)
    return lock


def try_to_hold(path: Path) -> IO[str] | None:
    """Hold a lock until the returned file is closed; none when another process holds it.

    A child that inherits the file holds the lock as well, also when its parent is killed.
    """
    file = path.open("a+", encoding="utf-8")
    if not _lock(file, fcntl.LOCK_EX):
        file.close()
        return None
    try:
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
    except OSError as error:
        with suppress(OSError):  # closing writes again
            file.close()
        raise disk_error(error, path) or error from error
    return file


def holder(path: Path) -> int | None:
    """Return the process that holds a lock, 0 if it does not say which; none when it is free."""
    if not path.exists():
        return None
    with path.open("r", encoding="utf-8") as file:
        if _lock(file, fcntl.LOCK_SH):
            return None
        text = file.read().strip()
        return int(text) if text.isdecimal() else 0


def _lock(file: IO[str], kind: int) -> bool:
    # flock, not lockf: its lock belongs to the open file, which a child shares.
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
