"""Locks of the scheduler: one per project, and one scheduled run at a time."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

SCHEDULER = "schedules.lock"
RUN = "schedules.run.lock"
_TRIES = 10
_BETWEEN_TRIES_SECONDS = 0.05


def try_to_hold(path: Path) -> IO[str] | None:
    """Hold a lock until the returned file is closed; none when another process holds it.

    A child that inherits the file holds the lock as well, also when its parent is killed.
    """
    file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def hold_soon(path: Path) -> IO[str] | None:
    """Hold a lock that someone may have for the instant of asking who holds it."""
    for _ in range(_TRIES):
        if lock := try_to_hold(path):
            return lock
        time.sleep(_BETWEEN_TRIES_SECONDS)
    return None


def holder(path: Path) -> int | None:
    """Return the process that holds a lock; none when it is free."""
    if not path.exists():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read().strip()
            return int(text) if text.isdigit() else 0
    return None
