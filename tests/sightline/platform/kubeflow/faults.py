"""Failures that a test orders: the next requests to a path are answered as it says."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sightline.platform.kubeflow.wire import Refused

Performed = Literal["never", "before", "later"]
LATER_SECONDS = 0.1


@dataclass
class Fault:
    """What happens instead of an answer."""

    method: str
    path: str
    """Regular expression for the whole path after /apis/v2beta1."""
    status: int | None = None
    """Status of the answer; the connection is dropped unless given."""
    message: str = "ordered by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    performed: Performed = "never"
    """Whether the request does its work all the same: before the answer, or some time after."""
    body: str | None = None
    """Body in place of the API's own form of an error."""
    content_type: str = "text/html; charset=utf-8"
    wait_seconds: float = 0.0
    """Pause before the answer."""
    after: int = 0
    """How many such requests are answered as ever before that."""
    times: int = 1

    def wants(self, method: str, path: str) -> bool:
        plain = path.removeprefix("/apis/v2beta1")
        return self.times > 0 and method == self.method and bool(re.fullmatch(self.path, plain))

    def response(self, status: int) -> Response:
        if self.body is not None:
            return PlainTextResponse(
                self.body, status, {**self.headers, "Content-Type": self.content_type}
            )
        return Refused(status, self.message).answer(self.headers)


@dataclass
class Faults:
    """The orders that are still to be carried out, and every request that came."""

    orders: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def order(self, method: str, path: str, **kind: Any) -> None:
        """Answer the next such request in another way."""
        self.orders.append(Fault(method, path, **kind))

    def next(self, method: str, path: str) -> Fault | None:
        for fault in self.orders:
            if not fault.wants(method, path):
                continue
            if not fault.after:
                fault.times -= 1
                return fault
            fault.after -= 1
        return None

    def count(self, method: str, path: str) -> int:
        """How many such requests came."""
        pattern = re.compile(rf"{method} /apis/v2beta1{path}")
        return sum(pattern.fullmatch(request) is not None for request in self.requests)


class FaultMiddleware:
    """Carries out the orders around an application."""

    def __init__(self, application: ASGIApp, faults: Faults) -> None:
        self.application, self.faults = application, faults
        self.later: set[asyncio.Task[None]] = set()

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
        if fault.status is None:
            # Uvicorn's connection is what its `receive` belongs to.
            vars(receive.__self__)["transport"].abort()  # type: ignore[attr-defined]
            return None
        return await fault.response(fault.status)(scope, receive, send)

    def _perform_later(self, scope: Scope, replay: Receive) -> None:
        async def perform() -> None:
            await asyncio.sleep(LATER_SECONDS)
            await self.application(scope, replay, _nowhere)

        task = asyncio.create_task(perform())
        self.later.add(task)
        task.add_done_callback(self.later.discard)


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


async def _nowhere(message: Message) -> None:
    """Take an answer that nobody gets."""
