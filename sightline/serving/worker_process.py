"""The loop's side of one worker."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from sightline.serving.wire import Question, Reply, WireError, receive_reply, send_question

NICE = 5
MOST_QUESTIONS = 2_000
"""After which a worker is replaced: what decoders keep for themselves does not add up."""


class WorkerDiedError(Exception):
    """The process ended while it had a request."""


class WorkerProcess:
    """A process that answers one question after another."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.pid = pid
        self.is_kept = True
        """Whether it may get another request after this one."""
        self.num_questions = 0
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, pid: int, ours: socket.socket) -> "WorkerProcess":
        """Talk to a process that has the other end."""
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(pid, reader, writer)

    async def ask(self, question: Question, progress: Callable[[], None] = lambda: None) -> Reply:
        """Return the answer.

        Raises:
            WorkerDiedError: the process ended before it was complete.
        """
        self.num_questions += 1
        try:
            # A worker that answers while it is still being asked has ended, or lies.
            await send_question(self._writer, question)
            return await receive_reply(self._reader, progress)
        except (OSError, EOFError, WireError) as error:
            raise WorkerDiedError(str(error)) from error

    @property
    def is_worn(self) -> bool:
        """Whether it has answered enough."""
        return self.num_questions >= MOST_QUESTIONS

    @property
    def is_gone(self) -> bool:
        """Whether it has ended while it had nothing to do."""
        return self._reader.at_eof() or self._writer.is_closing()

    def slow_down(self) -> None:
        """Let others have the cores first, for good."""
        self.is_kept = False
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, NICE)

    def close(self) -> None:
        """Let it end by itself, when it is idle."""
        self._writer.close()

    def kill(self) -> None:
        """End it, whatever it does; its number stays taken until the nursery is asked for it."""
        self.is_kept = False
        self._writer.close()
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
