"""The clock of Vertex AI, as far as Google documents it."""

from dataclasses import dataclass

from sightline.schedules.clock import Clock


@dataclass(frozen=True, slots=True)
class VertexClock(Clock):
    """Fires are shown as a schedule on this machine would have them, where clocks change too.

    Google calls the start of a schedule the "timestamp after which the first run can be
    scheduled", so that it is no fire itself.
    """

    title: str = "Vertex AI"

    def instead(self, after: str) -> str:
        """Say that nobody knows what becomes of a time that does not exist."""
        return (
            f"Google does not document whether {self.title} runs at {after}, later, or not at all"
        )

    def how_often(self, *, every_time: bool) -> str:
        """Say that nobody knows how often it runs at a time that comes twice."""
        return f"Google does not document whether {self.title} runs once or twice"
