"""Failures that a test orders: the next requests to a path are answered as it says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sightline.platform.vertex.wire import error

_CODES = {
    400: "FAILED_PRECONDITION",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass
class Fault:
    """What happens instead of an answer."""

    method: str
    path: str
    """Regular expression, found anywhere in the path."""
    status: int | None = None
    """Status of the answer; the connection is dropped unless given."""
    message: str = "ordered by the test"
    headers: Mapping[str, str] = field(default_factory=dict)
    performed: bool = False
    """Whether the request does its work all the same."""
    html: bool = False
    reason: str = ""
    """Reason of a google.rpc.ErrorInfo, such as SERVICE_DISABLED."""
    times: int = 1

    def wants(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and re.search(self.path, path) is not None

    def response(self) -> Response:
        status = self.status or 500
        if self.html:
            page = f"<html><style>p {{}}</style><p>{self.message}</p></html>"
            return Response(page, status, dict(self.headers), "text/html")
        if not self.reason:
            return error(status, _CODES.get(status, "UNKNOWN"), self.message, self.headers)
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.reason}
        body: dict[str, Any] = {"code": status, "message": self.message, "details": [info]}
        return JSONResponse({"error": body}, status, dict(self.headers))


@dataclass
class Faults:
    """The orders that are still to be carried out, and every request that came."""

    orders: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def order(self, method: str, path: str, **kind: Any) -> None:
        self.orders.append(Fault(method, path, **kind))

    def next(self, method: str, path: str) -> Fault | None:
        found = next((fault for fault in self.orders if fault.wants(method, path)), None)
        if found:
            found.times -= 1
        return found

    def count(self, method: str, path: str) -> int:
        """How many requests came that look so."""
        pattern = re.compile(rf"{method} .*{path}")
        return sum(pattern.match(request) is not None for request in self.requests)


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
        if fault.performed:
            await self.application(scope, receive, _nowhere)
        if fault.status is None:
            # Uvicorn's connection is what its `receive` belongs to.
            vars(receive.__self__)["transport"].abort()
            return None
        return await fault.response()(scope, receive, send)


async def _nowhere(message: Message) -> None:
    """Take an answer that nobody gets."""
