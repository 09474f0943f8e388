"""End a process that takes longer than it may, whatever its main thread is doing."""

import faulthandler
import os
import sys
import threading
from types import TracebackType
from typing import Self

from sightline.stage import log

EXIT_CODE = 124
"""As `timeout` says it."""
GRACE_SECONDS = 2.0
STANDARD_ERROR = 2


class TimeLimit:
    """Ends the process with exit code 124 when the time is over before `stop` is called.

    A thread does it, since a signal waits for as long as TensorFlow keeps the main thread. Code
    that keeps all threads from running is ended a little later by the interpreter's own watchdog,
    with exit code 1 and a traceback.
    """

    def __init__(self, stage: str, seconds: int, *, setting: str) -> None:
        self._stage, self._seconds, self._setting = stage, seconds, setting
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._stopped = False

    def __enter__(self) -> Self:
        faulthandler.dump_traceback_later(
            self._seconds + GRACE_SECONDS, exit=True, file=STANDARD_ERROR
        )
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let the process live; from here on the time does not count."""
        with self._lock:
            self._stopped = True
        self._timer.cancel()
        faulthandler.cancel_dump_traceback_later()

    def _end(self) -> None:
        # Held until the process is gone: whoever calls `stop` now must not go on to write outputs.
        with self._lock:
            if self._stopped:
                return
            log.failure(self._reason(), kind="TimeoutError", stage=self._stage)
            sys.stderr.flush()
            os._exit(EXIT_CODE)

    def _reason(self) -> str:
        return (
            f"{self._stage}: expected to end within {duration(self._seconds)} "
            f"({self._setting}); stopped. Raise it, or give the stage less to do."
        )


def duration(seconds: int) -> str:
    """Write a time as people say it, such as `2 h 0 min` or `45 s`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"
