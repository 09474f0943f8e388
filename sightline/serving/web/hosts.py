"""Which names the server answers to, and which web pages may ask it."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from sightline.serving.protocols.protocol import RequestError
from sightline.serving.web.errors import refuse

LOOPBACK = ("localhost", "127.0.0.1", "::1")
FORBIDDEN = 403


class KnownHosts:
    """Refuse requests that a web page makes a browser send to a server on its person's machine.

    A page whose name was pointed at this machine sends its own name as Host; a page elsewhere
    sends its address as Origin. What is no browser sends no Origin.
    """

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """Answer to these names; to all of them where there is none."""
        self._app = app
        self._hosts = {host.strip("[]").lower() for host in hosts}
        self._origins = {origin.rstrip("/").lower() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(Headers(scope=scope)) if scope["type"] == "http" else ""
        if not problem:
            await self._app(scope, receive, send)
            return
        await refuse(scope, send, RequestError(FORBIDDEN, problem))

    def _problem(self, headers: Headers) -> str:
        host = headers.get("host", "").lower()
        if self._hosts and name_of(host) not in self._hosts:
            return (
                f"Expected a Host that this server answers to, received {host[:100]!r}. Start the "
                "server with --allow-host NAME."
            )
        origin = headers.get("origin", "").rstrip("/").lower()
        known = not origin or "*" in self._origins or origin in self._origins
        if not known and urlsplit_host(origin) != host:
            return (
                f"Expected a page of this server, received a request of {origin[:100]!r}. Start "
                "the server with --allow-origin ADDRESS."
            )
        return ""


def known_hosts(host: str, allowed: Sequence[str]) -> list[str]:
    """Return the names that a server on this address answers to; none stands for all."""
    if allowed:
        return [*LOOPBACK, *allowed]
    return [*LOOPBACK, host] if is_loopback(host) else []


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    return host in LOOPBACK or host.startswith("127.")


def name_of(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def urlsplit_host(origin: str) -> str:
    """Return host and port of an Origin, as a Host header has them."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
