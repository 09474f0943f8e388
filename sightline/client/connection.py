"""HTTP with a model server: nothing is waited for without end, nothing is taken on trust."""

import ipaddress
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from sightline.client.answers import ServerError
from sightline.ground.errors import one_line
from sightline.ground.patience import Patience, seconds_of
from sightline.ground.storage.redaction import redact
from sightline.ground.wording import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientResponse

MOST_ANSWER_BYTES = 64 << 20
LONGEST_TEXT = 300
PASSING = (429, 502, 503, 504)
"""Statuses of servers that are busy, or that start again behind a proxy."""


class LateError(Exception):
    """The whole answer was not there in time."""


class _PassingError(Exception):
    """What may be over a little later."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Question:
    """One request; without a body it is a GET."""

    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, as it came."""

    address: str
    status: int
    headers: "Mapping[str, str]"
    body: bytes

    def document(self) -> dict[str, Any]:
        """Return the JSON object that it is.

        Raises:
            ServerError: it is something else.
        """
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise self.unexpected("a JSON object") from error
        if not isinstance(document, dict):
            raise self.unexpected("a JSON object")
        return document

    def refusal(self) -> str:
        """Return the reason that a model server gives for refusing a request.

        Raises:
            ServerError: it gives none; a proxy, say, answered in its place.
        """
        reason = self.document().get("error")
        if not isinstance(reason, str):
            raise self.unexpected("an object with 'error'")
        return visible(reason)[:LONGEST_TEXT]

    def text(self) -> str:
        """Return how its body begins, fit for a terminal."""
        start = self.body[: 4 * LONGEST_TEXT].decode("utf-8", "replace")
        return visible(" ".join(start.split()))[:LONGEST_TEXT] or "nothing"

    def unexpected(self, expected: str) -> ServerError:
        """Return the error that this is not what was expected."""
        return ServerError(
            f"{self.address}: expected {expected}, received status {self.status}: {self.text()}. "
            "Check the address and the model's name."
        )


class Connection:
    """Requests to one server, several at a time."""

    def __init__(
        self, url: str, *, deadline_seconds: float, token: str | None, patience: Patience
    ) -> None:
        """Check the address.

        Raises:
            ServerError: it is none of a web server.
        """
        self._host = _host_of(url)
        self._url, self.address = url.rstrip("/"), visible(redact(url.rstrip("/")))
        self._deadline_seconds, self._patience = deadline_seconds, patience
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        from aiohttp import ClientSession, ClientTimeout

        self._session = await self._stack.enter_async_context(
            ClientSession(
                # Of the whole answer: a byte now and then is no answer.
                timeout=ClientTimeout(total=self._deadline_seconds),
                headers=self._headers,
                # A proxy has another idea of which machine 127.0.0.1 is.
                trust_env=not _is_here(self._host),
            )
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def ask(self, question: Question, *, is_first: bool = False) -> Reply:
        """Return a server's reply; a busy server is asked again, as it says when.

        Args:
            question: what to ask.
            is_first: whether nobody has seen the server yet: then a missing one is said at once.

        Raises:
            ServerError: there is no server, or it stays busy.
            LateError: the answer is not whole in time.
        """
        retrying = self._patience.retrying_async(
            lambda error: isinstance(error, _PassingError), _told
        )
        try:
            if is_first:
                return await retrying(self._send_first, question)
            return await retrying(self._send, question)
        except _PassingError as error:
            raise ServerError(f"{self.address}: {error}. Try again later.") from error

    async def _send_first(self, question: Question) -> Reply:
        try:
            return await self._send(question)
        except _PassingError as error:
            if isinstance(error.__cause__, OSError):
                raise ServerError(
                    f"{self.address}: expected a server; {error}. Start one with "
                    "`sightline serve`, or check the address."
                ) from error
            raise

    async def _send(self, question: Question) -> Reply:
        from aiohttp import ClientConnectionError, ClientError

        method = "GET" if question.body is None else "POST"
        try:
            async with self._session.request(
                method,
                f"{self._url}{question.path}",
                data=question.body,
                headers=question.headers,
                allow_redirects=False,
            ) as response:
                body = await _read(response)
        except TimeoutError as error:
            raise LateError(
                f"expected a whole answer within {self._deadline_seconds:g} seconds"
            ) from error
        except (ClientConnectionError, OSError) as error:
            raise _PassingError(visible(one_line(error))) from error
        except (ClientError, ValueError) as error:
            raise ServerError(
                f"{self.address}: expected an answer of HTTP; {visible(one_line(error))}. "
                "Check the address."
            ) from error
        if body is None:
            raise ServerError(
                f"{self.address}: expected an answer of at most {MOST_ANSWER_BYTES >> 20} MB, "
                "received more. Check the address and the model's name."
            )
        reply = Reply(self.address, response.status, response.headers, body)
        if response.status in PASSING:
            wait_seconds = seconds_of(response.headers.get("Retry-After"))
            raise _PassingError(
                f"expected an answer, received status {reply.status}: {reply.text()}", wait_seconds
            )
        return reply


async def _read(response: "ClientResponse") -> bytes | None:
    """Return the body; nothing where it goes on for longer than any answer."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > MOST_ANSWER_BYTES:
            response.close()
            return None
    return bytes(body)


def _told(error: BaseException) -> float | None:
    return error.wait_seconds if isinstance(error, _PassingError) else None


def _host_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise ServerError(
        f"Expected an address such as http://127.0.0.1:8501; received {visible(repr(redact(url)))}."
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
