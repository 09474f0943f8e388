"""Work on bytes from outside in child processes, which may die of them.

Decoders are written in C: a file can end the process that decodes it. Here that is an error of
this one file, and the caller lives on.
"""

import pickle
import queue
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedRWPair
from typing import Any, Generic, TypeVar

from sightline.ground.cores import usable_cores
from sightline.stage.closing import Closing
from sightline.stage.nursery import START, Work
from sightline.stage.nursery_handle import Nursery

Result = TypeVar("Result")
BATCH_BYTES = 1 << 20


class ChildDiedError(Exception):
    """A child process died of the bytes that it was given."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that waits for bytes."""

    pid: int
    connection: BufferedRWPair


class Children(Closing, Generic[Result]):
    """Call a function of bytes in processes that are replaced when they die.

    Calls from several threads run side by side, in no more processes than there are cores.
    """

    def __init__(
        self,
        function: Callable[[bytes], Result],
        *,
        workers: int = 0,
        memory_bytes: int = 0,
        cpu_seconds: int = 0,
        prepare: Callable[[], None] | None = None,
        begin: Callable[[], None] | None = None,
    ) -> None:
        """Start the process that starts the others, when they are needed.

        Args:
            function: can be pickled; a module's function, or a `partial` of one.
            workers: most processes; 0 means one per core.
            memory_bytes: what a call may allocate, where the system can bound it; 0 for no bound.
            cpu_seconds: processor time that a call may take; 0 for no bound.
            prepare: called once, in the process that starts the others, before they are copied.
            begin: called in each of them, outside of the bounds.
        """
        self._cpu_seconds = cpu_seconds
        self._work = pickle.dumps(Work(function, memory_bytes, cpu_seconds, prepare, begin))
        cores = usable_cores()
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(min(workers or cores, cores)):
            self._idle.put(None)
        self._nursery: Nursery | None = Nursery(self._work)
        self._lock = threading.Lock()

    def call(self, data: bytes) -> Result:
        """Return `function(data)`, or raise what it raises.

        Raises:
            ChildDiedError: the process that was given the bytes died.
        """
        result = self.call_each([data])[0]
        if isinstance(result, Exception):
            raise result
        return result

    def call_each(self, items: Sequence[bytes]) -> list[Result | Exception]:
        """Return what the function gives or raises for each; small ones travel together."""
        results: list[Result | Exception] = []
        for batch in _batches(items):
            try:
                results += self._call_once(batch)
            except ChildDiedError:
                results += [self._call_alone(data) for data in batch]
        return results

    def _call_alone(self, data: bytes) -> Result | Exception:
        try:
            return self._call_once([data])[0]
        except _OutOfTimeError as error:
            return error
        except ChildDiedError:
            # The one before may have broken the memory, or somebody ended the process: only a
            # fresh process that dies, too, says that it is this one.
            try:
                return self._call_once([data])[0]
            except ChildDiedError as error:
                return error

    def close(self) -> None:
        """End all processes; no call may be under way."""
        while not self._idle.empty():
            if child := self._idle.get_nowait():
                child.connection.close()
        with self._lock:
            if self._nursery:
                self._nursery.close()
                self._nursery = None

    def _call_once(self, batch: Sequence[bytes]) -> list[Result | Exception]:
        child, results = self._idle.get(), None
        try:
            child = child or self._start()
            results = _exchange(child.connection, batch)
        finally:
            # One that was left in the middle of an answer would give it to the next question.
            self._idle.put(child if results else None)
        if results is None:
            raise self._death_of(child)
        return results

    def _start(self) -> Child:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            pid = self._ask(START, theirs.fileno())
            return Child(pid, ours.makefile("rwb"))

    def _death_of(self, child: Child) -> ChildDiedError:
        with suppress(OSError):  # what was not sent cannot be sent
            child.connection.close()
        code = self._ask(b"%d" % child.pid)
        if -code == signal.SIGXCPU:
            return _OutOfTimeError(
                f"reading it takes more than {self._cpu_seconds} seconds of processor time"
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ChildDiedError(f"the process that read it ended with {how}")

    def _ask(self, question: bytes, *handles: int) -> int:
        """Ask the nursery, a fresh one where it is gone.

        Raises:
            RuntimeError: it does not start.
        """
        with self._lock:
            for _ in range(2):
                if self._nursery is None:
                    self._nursery = Nursery(self._work)
                with suppress(OSError, ValueError):
                    return self._nursery.ask(question, handles)
                self._nursery.close()
                self._nursery = None
        raise RuntimeError("Expected a process that starts others; it ended. Its error is above.")


class _OutOfTimeError(ChildDiedError):
    """A child that took too long, as it would again."""


def _batches(items: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = size = 0
    for stop, data in enumerate(items):
        if stop > start and size + len(data) > BATCH_BYTES:
            yield items[start:stop]
            start, size = stop, 0
        size += len(data)
    if items:
        yield items[start:]


def _exchange(connection: BufferedRWPair, batch: Sequence[bytes]) -> list[Any] | None:
    """Return a result or an error for each; nothing where the process died."""
    try:
        pickle.dump(batch, connection, protocol=5)
        connection.flush()
        results: list[Any] = pickle.load(connection)
    except (OSError, EOFError, pickle.UnpicklingError):
        return None
    return results
