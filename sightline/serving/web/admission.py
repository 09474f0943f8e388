"""How much of what clients send the server holds at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect

from sightline.serving.protocols.protocol import CLIENT_GONE, RequestError
from sightline.serving.web.accounts import Account

BYTES_PER_MB = 1 << 20


class TooManyError(RequestError):
    """The server holds as much as it may; the client may come back."""

    def __init__(self, what: str) -> None:
        super().__init__(429, f"The server holds {what}, as much as it may. Try again in a moment.")


@dataclass(slots=True, kw_only=True)
class Admission:
    """Counts requests and bytes of their bodies, of all clients together."""

    max_body: int
    """Bytes of one body."""
    max_bytes: int
    """Bytes of all bodies together."""
    max_requests: int
    body_seconds: float
    """How long a body may take to arrive."""
    num_requests: int = 0
    num_bytes: int = 0

    @contextmanager
    def request(self, account: Account) -> Iterator["Ticket"]:
        """Let a request in.

        Raises:
            TooManyError: as many are under way as may be.
        """
        if self.num_requests >= self.max_requests:
            raise TooManyError(f"{self.num_requests} requests")
        self.num_requests += 1
        ticket = Ticket(self)
        try:
            yield ticket
        finally:
            account.bytes_in = ticket.num_bytes
            self.num_requests -= 1
            self.num_bytes -= ticket.num_bytes


@dataclass(slots=True)
class Ticket:
    """One request that was let in."""

    admission: Admission
    num_bytes: int = 0

    async def read(self, stream: AsyncIterator[bytes]) -> list[bytes]:
        """Read the body, no further than the limits.

        Raises:
            RequestError: it is too large, takes too long, or does not come to its end.
        """
        pieces: list[bytes] = []
        limit = self.admission
        try:
            async with asyncio.timeout(limit.body_seconds):
                async for piece in stream:
                    self.num_bytes += len(piece)
                    limit.num_bytes += len(piece)
                    if self.num_bytes > limit.max_body:
                        raise RequestError(413, too_large(limit.max_body))
                    if limit.num_bytes > limit.max_bytes:
                        raise TooManyError(f"{limit.max_bytes // BYTES_PER_MB} MB of requests")
                    pieces.append(piece)
        except TimeoutError:
            raise RequestError(
                408,
                f"Expected the whole body within {limit.body_seconds:g} seconds, received "
                f"{self.num_bytes:,} bytes. Send fewer images at a time.",
            ) from None
        except ClientDisconnect as error:
            raise RequestError(CLIENT_GONE, "The client closed the connection.") from error
        return pieces


def too_large(max_bytes: int) -> str:
    """Say that a body is too large."""
    return (
        f"Expected a body of at most {max_bytes // BYTES_PER_MB} MB, received more. "
        "Send fewer images at a time, or start the server with a larger --max-body-mb."
    )
