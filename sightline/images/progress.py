"""What becomes of an image's layers while Docker pushes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

REPORT_BYTES = 100_000_000
"""A line for each so many bytes, so that a large layer does not look like a hang."""


@dataclass(slots=True)
class PushProgress:
    """Makes few lines of the many messages that the engine sends."""

    target: str
    report: Callable[[str], None]
    _states: dict[str, str] = field(default_factory=dict)
    _sent: dict[str, int] = field(default_factory=dict)
    _reported: int = 0

    def take(self, message: Mapping[str, Any]) -> None:
        """Note what the engine says of a layer; report every hundred megabytes and any trouble."""
        layer = message.get("id")
        if layer is None:
            return
        state = "Retrying" if message["status"].startswith("Retrying") else message["status"]
        if state == "Retrying" != self._states.get(layer):
            self.report(f"{self.target}: layer {layer} was not taken; Docker tries again")
        self._states[layer] = state
        self._sent[layer] = message["progressDetail"].get("current", self._sent.get(layer, 0))
        total = sum(self._sent.values())
        if total - self._reported >= REPORT_BYTES:
            self._reported = total
            self.report(f"{self.target}: {total / 1e6:,.0f} MB sent")

    def summary(self) -> str:
        """Count the layers that were sent; the registry had the others."""
        new = sum(state == "Pushed" for state in self._states.values())
        size = sum(self._sent.values()) / 1e6
        return f"{new} of {len(self._states)} layers sent, {size:,.0f} MB"
