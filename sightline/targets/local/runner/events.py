"""The JSON events among the lines that a task prints."""

import json
from collections.abc import Callable
from typing import Any

from sightline.runs.listener import Progress


class EventReader:
    """Reads a task's lines as they come and keeps what the runner needs to know."""

    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress
        self.reason: str | None = None
        """What a stage that failed for a reason that a person can fix said last."""
        self.compute_seconds: float | None = None
        self.writing_seconds: float | None = None

    def read(self, line: str) -> None:
        """Take note of a line when it is an event."""
        if not line.startswith("{"):
            return
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        match event.get("event"):
            case "progress":
                self._progress(event)
            case "failed":
                self.reason = str(event.get("reason", ""))
            case "finished":
                self.compute_seconds = _number(event.get("compute_seconds"))
                self.writing_seconds = _number(event.get("writing_seconds"))

    def _progress(self, event: dict[str, Any]) -> None:
        done, total = event.get("done"), event.get("total")
        if isinstance(done, int) and isinstance(total, int | None):
            self._on_progress(Progress(str(event.get("what", "")), done, total))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
