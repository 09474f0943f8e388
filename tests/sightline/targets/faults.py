"""Failures that a test orders: the next requests to a path are answered as it says."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sightline.targets.loopback import Refusal

Performed = Literal["never", "before", "later"]
Cut = Literal["length", "chunks"]
LATER_SECONDS = 0.1


@dataclass
class Fault:
    """What happens instead of an answer."""

    method: str
    path: str
    """Regular expression that the service compares with paths."""
    status: int | None = None
    """Status of the answer; the connection is dropped unless given."""
    message: str = "ordered by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    performed: Performed = "never"
    """Whether the request does its work all the same: before the answer, or some time after."""
    body: str | None = None
    """Body in place of the API's own form of an error."""
    content_type: str = "text/html; charset=utf-8"
    cut: Cut | None = None
    """Whether the answer, 200 unless given, breaks off in its body, and how its end is declared."""
    wait_seconds: float = 0.0
    """Pause before the answer."""
    after: int = 0
    """How many such requests are answered as ever before that."""
    times: int = 1


@dataclass
class Faults:
    """The orders that are still to be carried out, and every request that came."""

    matches: Callable[[str, str], object]
    """Whether a regular expression is that of a path."""
    refusal: Callable[[int, str], Refusal]
    """The service's form of an error, by status and message."""
    orders: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    later: set[asyncio.Task[None]] = field(default_factory=set, repr=False)
    """What is still to be performed although its answer is out."""

    def order(self, method: str, path: str, **kind: Any) -> None:
        """Answer the next such request in another way."""
        self.orders.append(Fault(method, path, **kind))

    def next(self, method: str, path: str) -> Fault | None:
        for fault in self.orders:
            wanted = fault.method == method and self.matches(fault.path, path)
            if not wanted or not fault.times:
                continue
            if not fault.after:
                fault.times -= 1
                return fault
            fault.after -= 1
        return None

    def response(self, fault: Fault, status: int) -> Response:
        if fault.body is None:
            return self.refusal(status, fault.message).answer(fault.headers)
        headers = {**fault.headers, "Content-Type": fault.content_type}
        return PlainTextResponse(fault.body, status, headers)

    def count(self, method: str, path: str) -> int:
        """How many such requests came."""
        came = (request.split(" ", 1) for request in self.requests)
        return sum(verb == method and bool(self.matches(path, place)) for verb, place in came)


class FaultMiddleware:
    """Carries out the orders around an application."""

    def __init__(self, application: ASGIApp, faults: Faults) -> None:
        self.application, self.faults = application, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.application(scope, receive, send)
        self.faults.requests.append(f"{scope['method']} {scope['path']}")
        fault = self.faults.next(scope["method"], scope["path"])
        if fault is None:
            return await self.application(scope, receive, send)
        replay = _replay(await _body(receive))
        if fault.performed == "before":
            await self.application(scope, replay, _nowhere)
        if fault.performed == "later":
            self._perform_later(scope, replay)
        await asyncio.sleep(fault.wait_seconds)
        if fault.cut is not None:
            await _send_in_part(fault.cut, fault.status or 200, send)
            return _connection(receive).close()
        if fault.status is None:
            return _connection(receive).abort()
        return await self.faults.response(fault, fault.status)(scope, receive, send)

    def _perform_later(self, scope: Scope, replay: Receive) -> None:
        async def perform() -> None:
            await asyncio.sleep(LATER_SECONDS)
            await self.application(scope, replay, _nowhere)

        task = asyncio.create_task(perform())
        self.faults.later.add(task)
        task.add_done_callback(self.faults.later.discard)


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _connection(receive: Receive) -> asyncio.Transport:
    """Uvicorn's connection: its `receive` belongs to what has it."""
    found: asyncio.Transport = vars(receive.__self__)["transport"]  # type: ignore[attr-defined]
    return found


async def _send_in_part(cut: Cut, status: int, send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    if cut == "length":
        headers.append((b"content-length", b"1000"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"name": "proj', "more_body": True})


async def _nowhere(message: Message) -> None:
    """Take an answer that nobody gets."""
