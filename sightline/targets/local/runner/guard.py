"""Ends what a killed runner leaves behind; runs as its own process, by path.

The runner writes `+<group>` and `-<group>` lines as its tasks start and end. When the pipe
closes, the runner is gone, however it died: the groups that are left are killed. The guard
also holds the run's lock until they are, so that a resumed run never meets their writes.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

WAIT_SECONDS = 10.0


class Guard:
    """The runner's end of the pipe to the guard process."""

    def __init__(self, lock_descriptor: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock_descriptor,),
            cwd="/",
        )

    def watch(self, group: int) -> None:
        """Have a process group killed if the runner dies."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Leave a process group alone from now on."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the guard; call it when no task runs any more."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        # One write below PIPE_BUF is atomic, so that threads need no lock.
        if self._process.stdin is not None:
            # Without its guard, which someone must have killed, the run still goes on.
            with suppress(BrokenPipeError):
                os.write(self._process.stdin.fileno(), line.encode())


def main() -> None:
    """Follow the runner's lines until it is gone, then kill the groups that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line.startswith("+") else groups.discard)(int(line[1:]))
    deadline = time.monotonic() + WAIT_SECONDS
    while (groups := {group for group in groups if _kill(group)}) and time.monotonic() < deadline:
        time.sleep(0.01)


def _kill(group: int) -> bool:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
