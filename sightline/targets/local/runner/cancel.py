"""Ctrl-C, SIGTERM and a closed terminal end a run in order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Cancelled(BaseException):
    """The user, or the system, wants the run to end. No stage may catch it as an error."""


@contextmanager
def cancel_on_signals() -> Iterator[None]:
    """Raise `Cancelled` in the main thread on the first signal; later ones change nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def cancel(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Cancelled(signal.Signals(number).name)

    before = {number: signal.signal(number, cancel) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
