"""Scheduled runs in processes of their own, one at a time.

A crash of a run never takes the scheduler down, and a run goes on when the scheduler is killed.
"""

import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

from sightline.ground.storage.locks import try_to_hold

RUN = "schedules.run.lock"
"""Held by the one scheduled run of a project."""
_LOOK_SECONDS = 0.5


class Child:
    """The one scheduled run of a project that may be under way."""

    def __init__(self, root: Path) -> None:
        self._lock_path = root / RUN
        self._turn = threading.Lock()
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        wanted: Callable[[], bool],
        started: Callable[[int], None],
    ) -> int | None:
        """Wait until no other run is under way, run, and return the exit code.

        Returns none when it did not start: the scheduler was stopped, or `wanted`, which is asked
        when its turn has come, said no. `started` hears the process id.

        Raises:
            OSError: the command, the folder or the log cannot be used.
        """
        with self._turn:
            process = self._start(command, folder, log, wanted)
            if process is None:
                return None
            started(process.pid)
            return process.wait()

    def stop(self, number: int) -> bool:
        """Start no further run, hand a signal to the one under way, and say if there is one."""
        with self._starting:
            self._stopping.set()
            if self._process is None or self._process.poll() is not None:
                return False
            self._process.send_signal(number)
            return True

    def _start(
        self, command: Sequence[str], folder: Path, log: Path, wanted: Callable[[], bool]
    ) -> subprocess.Popen[bytes] | None:
        lock = self._wait_for_lock()
        if lock is None:
            return None
        # Closed here at once: only the child keeps the lock, exactly as long as it lives.
        with closing(lock):
            if not wanted():
                return None
            with self._starting:
                if self._stopping.is_set():
                    return None
                self._process = _popen(command, folder, log, lock)
                return self._process

    def _wait_for_lock(self) -> IO[str] | None:
        """Hold the lock that a run of an earlier, killed scheduler may still have."""
        while not self._stopping.is_set():
            if lock := try_to_hold(self._lock_path):
                return lock
            self._stopping.wait(_LOOK_SECONDS)
        return None


def _popen(
    command: Sequence[str], folder: Path, log: Path, lock: IO[str]
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches the scheduler only, which hands it on once.
            start_new_session=True,
            pass_fds=(lock.fileno(),),
        )
