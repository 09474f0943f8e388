"""The clock of this machine's scheduler."""

from dataclasses import dataclass
from typing import ClassVar

from sightline.schedules.clock import Clock


@dataclass(frozen=True, slots=True)
class LocalClock(Clock):
    """What the scheduler does, by its own code."""

    title: str = "the local scheduler"

    start_is_inside: ClassVar[bool] = True

    def instead(self, after: str) -> str:
        """Say what becomes of a time that does not exist."""
        return f"{self.title} runs at {after} instead"

    def how_often(self, *, every_time: bool) -> str:
        """Say how often it runs at a time that comes twice."""
        return f"{self.title} runs once, at the first"
