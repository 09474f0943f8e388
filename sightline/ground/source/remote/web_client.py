"""An HTTP client that connects to the addresses that it may, and to no others."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from sightline.ground.source.remote.reach import ForbiddenHostError, Reach, is_public

if TYPE_CHECKING:
    from aiohttp import AddrInfoType, ClientRequest, ClientResponse, ClientSession

    Handler = Callable[[ClientRequest], Awaitable[ClientResponse]]

ONLY_PUBLIC = ContextVar("ONLY_PUBLIC", default=True)
"""Whether the connection that is being opened may go to public addresses only."""


async def open_client(reach: Reach, **options: Any) -> "ClientSession":
    """Return a session that looks at the address itself right before it connects.

    A check of the name would hold until the name is resolved a second time.
    """
    from aiohttp import ClientSession, TCPConnector

    connector = TCPConnector(socket_factory=_checked_socket)
    return ClientSession(connector=connector, middlewares=[partial(_decide, reach)], **options)


def client_within(reach: Reach) -> "partial[Any]":
    """Return what fsspec calls to open a session."""
    return partial(open_client, reach)


async def _decide(reach: Reach, request: "ClientRequest", send: "Handler") -> "ClientResponse":
    """Decide for one request, of which each redirect is another, where it may connect to."""
    is_trusted = reach.trusts(request.url.host, request.url.port)
    if request.proxy and not is_trusted:
        await _check_name(request.url.host or "", request.url.port or 0)
    # The proxy itself is of the user's network, and decides what can be reached through it.
    ONLY_PUBLIC.set(not is_trusted and request.proxy is None)
    return await send(request)


def _checked_socket(address: "AddrInfoType") -> socket.socket:
    """Open a socket for an address, if it may be connected to."""
    family, kind, protocol, _, place = address
    if ONLY_PUBLIC.get() and not is_public(str(place[0])):
        raise ForbiddenHostError
    return socket.socket(family=family, type=kind, proto=protocol)


async def _check_name(host: str, port: int) -> None:
    with contextlib.suppress(socket.gaierror):
        for *_, place in await asyncio.get_running_loop().getaddrinfo(host, port):
            if not is_public(str(place[0])):
                raise ForbiddenHostError
