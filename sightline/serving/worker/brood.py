"""What the process of a version is told; the server's own process imports no more than this."""

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sightline.serving.worker.working import Working


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which version is to be opened, and within which bounds it answers."""

    folder: Path
    number: int
    engine: str | None
    max_bytes: int
    """Largest body once it is unpacked."""
    cpu_seconds: int
    """Processor time of a request: the end of a worker whose server is gone."""


@dataclass(slots=True)
class VersionBrood:
    """The children of a version's process: workers."""

    order: Order
    _working: "Working | None" = field(default=None, init=False)

    def prepare(self) -> None:
        """Open the version."""
        # Arrays, decoders and models are none of the server's own process.
        from sightline.serving.worker.working import Working

        self._working = Working(self.order)
        self._working.prepare()

    def serve(self, connection: socket.socket) -> None:
        """Answer questions until the server closes the connection."""
        assert self._working  # noqa: S101 - the nursery prepares it
        self._working.serve(connection)
