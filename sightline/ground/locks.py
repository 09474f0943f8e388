"""A lock on a run's folder that lives exactly as long as anyone may write into it."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from sightline.ground.errors import UserError

WAIT_SECONDS = 3.0


def lock_run(folder: Path, wait_seconds: float = WAIT_SECONDS) -> IO[str]:
    """Hold the run in `folder` until the returned file is closed.

    The guard process inherits the lock and ends only after every task of a killed runner, so
    that who gets the lock can be sure that nothing writes there any more.

    Raises:
        UserError: another runner holds it.
    """
    file = (folder / "lock").open("a+", encoding="utf-8")
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(file):
        if time.monotonic() > deadline:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            file.close()
            raise UserError(
                f"Run {folder.name} is still running (process {owner}). "
                "Wait for it or end it, then resume."
            )
        time.sleep(0.05)
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def is_locked(folder: Path) -> bool:
    """Tell whether a runner, or what is left of it, holds the run in `folder`."""
    path = folder / "lock"
    if not path.exists():
        return False
    with path.open("a+", encoding="utf-8") as file:
        return not _try_lock(file)


def _try_lock(file: IO[str]) -> bool:
    # flock, not lockf: its lock belongs to the open file, which the guard shares.
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
