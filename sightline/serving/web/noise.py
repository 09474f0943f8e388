"""What clients can make the server say is logged a few times a minute, and counted beyond that."""

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sightline.stage import log

MOST = 10
EVERY_SECONDS = 60.0
LONGEST = 200
CHUNK = 1 << 16
CHATTER = "INFO: "
"""What LiteRT says whenever it begins."""


class Noise:
    """Log events of one kind, no more than so many in so long."""

    def __init__(self, *, most: int = MOST, every_seconds: float = EVERY_SECONDS) -> None:
        self._most, self.every_seconds = most, every_seconds
        self._since, self._said, self._kept_back = time.monotonic(), 0, 0

    def say(self, event: str, **fields: object) -> None:
        """Log a warning, or count it; the next that is logged tells how many were not."""
        if time.monotonic() - self._since > self.every_seconds:
            self._since, self._said = time.monotonic(), 0
        if self._said >= self._most:
            self._kept_back += 1
            return
        self._said += 1
        left_out = {"left_out": self._kept_back} if self._kept_back else {}
        self._kept_back = 0
        log.warning(event, **fields, **left_out)


class NoiseHandler(logging.Handler):
    """Takes what the libraries of the server log, such as a request that is none."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._noise = Noise()

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line, without the traceback of what a client did."""
        error = record.exc_info[1] if record.exc_info else None
        reason = {"reason": f"{type(error).__name__}: {error}"[:LONGEST]} if error else {}
        self._noise.say("server", says=record.getMessage()[:LONGEST], **reason)


@contextmanager
def libraries_bounded() -> Iterator[None]:
    """Take over what uvicorn and asyncio log."""
    handler = NoiseHandler()
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True


class NativeErrors:
    """The standard error of workers: what decoders print there is bounded like any noise."""

    def __init__(self) -> None:
        self._noise, self._rest = Noise(), b""
        self._ours, self._theirs = os.pipe()
        os.set_blocking(self._ours, False)
        # A worker never waits for a reader: what does not fit is lost.
        os.set_blocking(self._theirs, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ours, self._read)

    @contextmanager
    def handle(self) -> Iterator[int]:
        """Give the end for a process that is started now."""
        try:
            yield self._theirs
        finally:
            os.close(self._theirs)
            self._theirs = -1

    def _read(self) -> None:
        data = os.read(self._ours, CHUNK)
        if not data:
            self.close()
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-LONGEST:]
        for line in lines:
            text = line.decode(errors="replace").strip()[:LONGEST]
            if text and not text.startswith(CHATTER):
                self._noise.say("worker", says=text)

    def close(self) -> None:
        """Stop reading; more than once does no harm."""
        for handle in (self._ours, self._theirs):
            if handle >= 0:
                self._loop.remove_reader(handle)
                os.close(handle)
        self._ours = self._theirs = -1
