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
from typing import Any, Generic, NoReturn, TypeVar

Result = TypeVar("Result")
START = b"start"
MOST_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Work(Generic[Result]):
    """What its children do, and within which bounds; 0 is none."""

    function: Callable[[bytes], Result]
    memory_bytes: int
    cpu_seconds: int


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
    work: Work[Any] = pickle.loads(pickled)
    with socket.socket(fileno=handle) as control:
        while True:
            question, handles, _, _ = socket.recv_fds(control, MOST_DIGITS, 1)
            if not question:
                break
            is_start = question == START
            answer = _start(work, handles[0], control) if is_start else _exit_code(int(question))
            control.sendall(b"%d" % answer)
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _start(work: Work[Any], handle: int, control: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        control.close()
        _serve(work, handle)
    os.close(handle)
    return pid


def _exit_code(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # it was the child of a nursery that is gone
        return 1


def _serve(work: Work[Any], handle: int) -> NoReturn:
    """Answer bytes with results or errors, until the connection ends."""
    _bound_memory(work.memory_bytes)
    with socket.socket(fileno=handle).makefile("rwb") as connection:
        while True:
            try:
                batch = pickle.load(connection)
                pickle.dump([_call(work, data) for data in batch], connection, protocol=5)
                connection.flush()
            except (EOFError, OSError):
                os._exit(0)


def _call(work: Work[Result], data: bytes) -> Result | Exception:
    _bound_time(work.cpu_seconds)
    try:
        return work.function(data)
    except Exception as error:
        return error


def _bound_memory(num_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = Path("/proc/self/statm")
    if num_bytes and pages.exists():
        used = int(pages.read_text().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, used + num_bytes)


def _bound_time(seconds: int) -> None:
    if seconds:
        _lower(resource.RLIMIT_CPU, math.ceil(time.process_time() + seconds))


def _lower(kind: int, bound: int) -> None:
    """Set the soft limit, below what the system allows at most."""
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (bound if hard < 0 else min(bound, hard), hard))
