"""Locks that live exactly as long as a process, or a child that it hands them to.

filelock keeps its descriptor to itself. Here a child must inherit it, and the file names the
process that holds the lock.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from sightline.ground.errors import UserError

RUN_LOCK = "lock"
WAIT_SECONDS = 3.0
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
    if lock := hold_soon(path, wait_seconds):
        return lock
    raise UserError(
        f"Run {folder.name} is still running (process {holder(path) or 'unknown'}). "
        "Wait for it or end it, then resume."
    )


def is_locked(folder: Path) -> bool:
    """Tell whether a runner, or what is left of it, holds the run in `folder`."""
    return holder(folder / RUN_LOCK) is not None


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
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
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
