"""Events, one per phase: a JSON line each in containers, readable on a terminal."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import structlog

Item = TypeVar("Item")

PROGRESS_EVERY_SECONDS = 0.5


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
            renderer,
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    structlog.contextvars.bind_contextvars(stage=stage)


def event(name: str, **fields: Any) -> None:
    """Log that a phase began or ended, with what a person would want to know about it."""
    structlog.get_logger().info(name, **fields)


def warning(name: str, **fields: Any) -> None:
    """Log something that a person should look at but that does not end the stage."""
    structlog.get_logger().warning(name, **fields)


def progress(items: Iterable[Item], *, what: str, total: int | None = None) -> Iterator[Item]:
    """Pass `items` through and log an event `progress` twice a second at most.

    The local runner turns these events into a bar.
    """
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= PROGRESS_EVERY_SECONDS:
            last = time.monotonic()
            event("progress", what=what, done=done, total=total)
