"""An HTTP client that connects to the addresses that it may, and to no others."""

import asyncio
import contextlib
import socket
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp

from sightline.ground.source.remote.reach import ForbiddenHostError, Reach, is_public

if TYPE_CHECKING:
    from aiohttp import AddrInfoType
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

CHECKS = ContextVar("CHECKS", default=True)
"""Whether the connection that is being opened may go to public addresses only."""


class Connector(aiohttp.TCPConnector):
    """Looks at the address itself right before it connects, for each redirect again.

    A check of the name would hold until the name is resolved a second time.
    """

    def __init__(self, reach: Reach) -> None:
        super().__init__(socket_factory=_checked_socket)
        self._reach = reach

    async def connect(
        self, req: "ClientRequest", traces: "list[Trace]", timeout: "ClientTimeout"
    ) -> "Connection":
        """Return a connection for a request."""
        is_trusted = self._reach.trusts(req.url.host, req.url.port)
        if req.proxy and not is_trusted:
            await _check_name(req.url.host or "", req.url.port or 0)
        # The proxy itself is of the user's network, and decides what can be reached through it.
        CHECKS.set(not is_trusted and req.proxy is None)
        return await super().connect(req, traces, timeout)


async def open_client(reach: Reach, **options: Any) -> aiohttp.ClientSession:
    """Return a session whose connections stay within a reach."""
    return aiohttp.ClientSession(connector=Connector(reach), **options)


def client_within(reach: Reach) -> "partial[Any]":
    """Return what fsspec calls to open a session."""
    return partial(open_client, reach)


def _checked_socket(address: "AddrInfoType") -> socket.socket:
    """Open a socket for an address, if it may be connected to."""
    family, kind, protocol, _, place = address
    if CHECKS.get() and not is_public(str(place[0])):
        raise ForbiddenHostError
    return socket.socket(family=family, type=kind, proto=protocol)


async def _check_name(host: str, port: int) -> None:
    with contextlib.suppress(socket.gaierror):
        for *_, place in await asyncio.get_running_loop().getaddrinfo(host, port):
            if not is_public(str(place[0])):
                raise ForbiddenHostError
