"""Our side of a process that starts others: start it, ask it, end it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from sightline.stage import nursery
from sightline.stage.nursery import MOST_DIGITS


class Nursery:
    """A nursery that is at work; not safe to ask from two threads at once."""

    def __init__(self, work: bytes, *, may_copy: bool = True, errors: int | None = None) -> None:
        """Start it with a pickled `Brood`.

        Args:
            work: what its children are for.
            may_copy: whether it may be a copy of this process, which has everything imported.
            errors: handle for what it and its children write to standard error; None is ours.
        """
        self._control, theirs = socket.socketpair()
        with theirs:
            # One with threads is no safe original.
            if may_copy and threading.active_count() == 1:
                self._pid = _copied(theirs.fileno(), work)
            else:
                self._pid = _started(theirs.fileno(), work, errors)

    def ask(self, question: bytes, handles: Sequence[int] = ()) -> int:
        """Return the answer to `START` or to a process id.

        Raises:
            OSError, ValueError: it is gone.
        """
        socket.send_fds(self._control, [question], handles)
        return int(self._control.recv(MOST_DIGITS))

    def close(self) -> None:
        """End it, once its children have ended."""
        self._control.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def end(self, patience_seconds: float = 10.0) -> None:
        """End it and its children, also where one does not end by itself."""
        self._control.close()
        deadline = time.monotonic() + patience_seconds
        with suppress(ChildProcessError):
            while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.kill(self._pid, signal.SIGKILL)
                time.sleep(0.02)


def _copied(handle: int, work: bytes) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, handle)
            os.closerange(handle + 1, os.sysconf("SC_OPEN_MAX"))
            nursery.main(handle, work)
        finally:
            os._exit(0)
    return pid


def _started(handle: int, work: bytes, errors: int | None) -> int:
    program = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        f"from sightline.stage.nursery import main; main({handle}, sys.stdin.buffer.read())"
    )
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, pass_fds=[handle], stdin=subprocess.PIPE, stderr=errors)
    assert process.stdin  # noqa: S101 - it is a pipe
    with suppress(OSError), process.stdin as stream:
        stream.write(work)
    process.returncode = 0  # it is waited for by its number
    return process.pid
