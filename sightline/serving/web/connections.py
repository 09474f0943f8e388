"""Connections that end: silent clients, drips of bytes and answers that nobody takes."""

import asyncio
import resource
from typing import Any, Protocol

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 1_000
MOST_HANDLES = 65_536
HANDLES_BESIDE = 200
"""Handles of the process that are no connections, with what is accepted at once."""
ACCEPTED_AT_ONCE = 100
FEWEST_CONNECTIONS = 16


class Waiting(Protocol):
    """A connection without a request."""

    transport: asyncio.Transport


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with a limit for everything that a client may take its time for.

    uvicorn bounds only the time between two requests, and only from the first one on. Where there
    are too many connections, the one that has waited longest without a request makes room.
    """

    handshake_seconds = 10.0
    """For TLS, where there is any."""
    header_seconds = 10.0
    """From the first byte of a request, or the connection, to the end of its headers."""
    idle_seconds = 60.0
    """Between two requests."""
    answer_seconds = 30.0
    """For a client to take an answer."""
    request_seconds = 120.0
    """From the headers of a request to its answer, which has limits of its own."""
    max_connections = MOST_CONNECTIONS
    waiting: "dict[Waiting, None]"

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._timer: asyncio.TimerHandle | None = None
        self._is_late = False
        """Whether the first byte of a request is there, and the time runs."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(self.header_seconds)
        self._is_late = True
        self.make_room()

    def make_room(self) -> None:
        """End the connection that is silent longest, where there are too many."""
        if len(self.connections) > self.max_connections:
            next(iter(self.waiting)).transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _look(self) -> None:
        """See what the connection waits for now."""
        if self.transport.is_closing():
            # What is still to be sent keeps it open.
            self._wait(self.answer_seconds)
        elif self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
            self._timer = self.loop.call_later(self.request_seconds, self.transport.abort)
        elif self._is_between_requests():
            is_sent = not self.transport.get_write_buffer_size()
            self._wait(self.idle_seconds if is_sent else self.answer_seconds)
            self._is_late = False
        elif not self._is_late:
            self._wait(self.header_seconds)
            self._is_late = True

    def _is_between_requests(self) -> bool:
        received, _ = self.conn.trailing_data
        return not received

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self.waiting[self] = None
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        self.waiting.pop(self, None)
        self._is_late = False
        if self._timer:
            self._timer.cancel()
            self._timer = None


def bounded(**limits: float) -> type[BoundedProtocol]:
    """Return the protocol for one server, with other limits where they are given."""
    own: dict[str, Any] = {"waiting": {}, "max_connections": max_connections(), **limits}
    return type("BoundedProtocol", (BoundedProtocol,), own)


def max_connections() -> int:
    """Return how many connections there may be, once the process may have as many as it can."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_HANDLES if hard == resource.RLIM_INFINITY else min(hard, MOST_HANDLES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(FEWEST_CONNECTIONS, min(MOST_CONNECTIONS, soft - HANDLES_BESIDE))
