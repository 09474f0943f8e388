"""Events, one per phase: a JSON line each in containers, readable on a terminal."""

import sys
import threading
import time
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sightline.ground.storage.redaction import redact_values, redact_words


@contextmanager
def _as_if_absent(library: str) -> Iterator[None]:
    """Import something without a library that it can do without, unless that one is there."""
    if library in sys.modules:
        yield
        return
    sys.modules[library] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[library]


# structlog loads it for tracebacks that no stage prints, which doubles what structlog costs.
with _as_if_absent("rich"):
    import structlog

Item = TypeVar("Item")

PROGRESS_EVERY_SECONDS = 0.5
SILENCE_SECONDS = 8.0
"""After which a stage says that it still works; people wonder after ten."""


def configure(stage: str) -> None:
    """Send events to standard error: readable on a terminal, JSON lines anywhere else."""
    renderer: Any = (
        structlog.dev.ConsoleRenderer(pad_event_to=0)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(default=str)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_secrets,
            renderer,
        ],
        # Standard error as it is when something is said: a task in the runner's own process ends,
        # and the stream that it was given is closed.
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(stage=stage)


def _without_secrets(logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
    return redact_values(dict(event))


def event(name: str, **fields: Any) -> None:
    """Log that a phase began or ended, with what a person would want to know about it."""
    if not getattr(_quiet, "on", False):
        structlog.get_logger().info(name, **fields)


def warning(text: str, **fields: Any) -> None:
    """Warn of something that a person should look at but that does not end the stage.

    `text` says in sentences what it is and what to do. Of a stage it is also told wherever people
    look at a run: on the stage's page, on the run's, on the terminal and by notify.
    """
    structlog.get_logger().warning(text, **fields)
    for heard in _hearers:
        heard.append(redact_words(text))


_hearers: list[list[str]] = []


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Yield a list that every warning of this process is put into as it is said."""
    heard: list[str] = []
    _hearers.append(heard)
    try:
        yield heard
    finally:
        _hearers.pop()


def failure(reason: str, **fields: Any) -> None:
    """Log why the stage ends; whoever started it shows the reason."""
    structlog.get_logger().error("failed", reason=reason, **fields)


@contextmanager
def quiet() -> Iterator[None]:
    """Log no events of this thread, since it does one of many alike; warnings are heard."""
    _quiet.on = True
    try:
        yield
    finally:
        _quiet.on = False


_quiet = threading.local()


class Pace:
    """Says when the next event of a loop is due."""

    def __init__(self, every_seconds: float = PROGRESS_EVERY_SECONDS) -> None:
        self._every, self._last = every_seconds, time.monotonic()

    def is_due(self) -> bool:
        """Tell whether it is, and begin to wait for the one after."""
        if time.monotonic() - self._last < self._every:
            return False
        self._last = time.monotonic()
        return True


@contextmanager
def audible(what: str, *, every_seconds: float = SILENCE_SECONDS) -> Iterator[None]:
    """Log again and again that a phase goes on, also while a library says nothing for minutes."""
    start, ended = time.monotonic(), threading.Event()

    def say() -> None:
        while not ended.wait(every_seconds):
            event("working", what=what, seconds=round(time.monotonic() - start))

    speaker = threading.Thread(target=say, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        ended.set()
        speaker.join()


def progress(items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
    """Pass `items` through and log an event `progress` twice a second at most.

    The local runner turns these events into a bar.
    """
    pace = Pace()
    for done, item in enumerate(items, start=1):
        yield item
        if pace.is_due():
            event("progress", what=what, done=done, total=total)
