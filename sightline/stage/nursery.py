"""A process that starts others: it has imported what they need, and never sees a file itself."""

import math
import os
import pickle
import resource
import signal
import socket
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

Result = TypeVar("Result")
START = b"start"
MOST_DIGITS = 32


class Brood(Protocol):
    """What the children of a nursery are for; it travels there pickled."""

    def prepare(self) -> None:
        """Do once, in the nursery, what every child shall find done."""

    def serve(self, connection: socket.socket) -> None:
        """Answer, in a child, until the connection ends."""


@dataclass(frozen=True, slots=True)
class Work(Generic[Result]):
    """A function of bytes, and within which bounds it is called; 0 is none."""

    function: Callable[[bytes], Result]
    memory_bytes: int
    cpu_seconds: int
    prepared: Callable[[], None] | None = None
    """Called once in the nursery; unpickling has imported the function."""
    begun: Callable[[], None] | None = None
    """Called in every child before its memory is bounded."""

    def prepare(self) -> None:
        """Do once what every child shall find done."""
        if self.prepared:
            self.prepared()

    def serve(self, connection: socket.socket) -> None:
        """Answer bytes with results or errors, until the connection ends."""
        if self.begun:
            self.begun()
        bound_memory(self.memory_bytes)
        with connection.makefile("rwb") as stream:
            while True:
                batch = pickle.load(stream)
                pickle.dump([self._call(data) for data in batch], stream, protocol=5)
                stream.flush()

    def _call(self, data: bytes) -> Result | Exception:
        bound_time(self.cpu_seconds)
        try:
            return self.function(data)
        except Exception as error:
            return error


def main(handle: int, pickled: bytes) -> None:
    """Start children and tell how they died, until whoever asks is gone.

    A question is `START` with the connection of a child, answered by its process id, or the id
    of one that died, answered by its exit code.
    """
    # Ctrl-C reaches every process of a terminal; these end when their connections do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Decoders warn of files, in lines that name none; what is refused has its reason.
    warnings.simplefilter("ignore")
    brood: Brood = pickle.loads(pickled)
    brood.prepare()
    with socket.socket(fileno=handle) as control:
        while True:
            question, handles, _, _ = socket.recv_fds(control, MOST_DIGITS, 1)
            if not question:
                break
            is_start = question == START
            answer = _start(brood, handles[0], control) if is_start else _exit_code(int(question))
            control.sendall(b"%d" % answer)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _start(brood: Brood, handle: int, control: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        control.close()
        with suppress(EOFError, OSError), socket.socket(fileno=handle) as connection:
            brood.serve(connection)
        os._exit(0)
    os.close(handle)
    return pid


def _exit_code(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # it was the child of a nursery that is gone
        return 1


def bound_memory(num_bytes: int) -> None:
    """Let this process take so much beyond what it holds; 0 is no bound."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = Path("/proc/self/statm")
    if num_bytes and pages.exists():
        used = int(pages.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, used + num_bytes)


def bound_time(seconds: int) -> None:
    """End this process after so many more seconds of processor time; 0 is no bound."""
    if seconds:
        _lower(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))


def _lower(kind: int, bound: int) -> None:
    """Set the soft limit, below what the system allows at most."""
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (bound if hard < 0 else min(bound, hard), hard))
