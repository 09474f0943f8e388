"""What is known of every request once it is answered, and the id that it is known by."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sightline.serving.protocols.protocol import CLIENT_GONE, MAX_IMAGES

HEADER = "x-request-id"
ID = re.compile(r"[\x21-\x7e]{1,128}")
KEY = "sightline.account"


@dataclass(slots=True)
class Account:
    """One request: who it is, what it asked for and what became of it."""

    request_id: str
    began: float
    protocol: str = "other"
    call: str = "other"
    version: str = ""
    status: int = CLIENT_GONE
    refused: str = ""
    """Why it was, in a word."""
    answers: Mapping[str, int] = field(default_factory=dict)
    """How many images were answered with which class."""
    bytes_in: int = 0
    bytes_out: int = 0
    seconds: float = 0.0

    @property
    def images(self) -> int:
        """How many were answered."""
        return sum(self.answers.values())

    def note(self, told: Mapping[str, Any], classes: Collection[str]) -> None:
        """Take over what a worker tells, as far as it is sensible: an image may speak in it."""
        self.refused = str(told.get("refused", ""))[:40]
        answers = told.get("answers")
        if isinstance(answers, dict):
            self.answers = {
                name: count
                for name, count in answers.items()
                if name in classes and isinstance(count, int) and 0 < count <= MAX_IMAGES
            }


class Accounts:
    """Keep an account of every request, whatever becomes of it, and hand it on."""

    def __init__(self, app: ASGIApp, hear: Sequence[Callable[[Account], None]]) -> None:
        """Have others hear of each request once it is answered."""
        self._app, self._hear = app, hear

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        account = Account(request_id_of(Headers(scope=scope)), time.perf_counter())
        scope[KEY] = account

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                account.status = message["status"]
                name = (HEADER.encode(), account.request_id.encode())
                message = {**message, "headers": [*message["headers"], name]}
            account.bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            account.seconds = time.perf_counter() - account.began
            for hear in self._hear:
                hear(account)


def account_of(scope: Scope) -> Account:
    """Return the account of a request; of one that is not watched, an own one."""
    account: Account = scope.setdefault(KEY, Account("", time.perf_counter()))
    return account


def request_id_of(headers: Headers) -> str:
    """Return the client's own id, where it is short and harmless in a log, or a new one."""
    given = headers.get(HEADER, "")
    return given if ID.fullmatch(given) else uuid.uuid4().hex


Endpoint = Callable[[Request], Awaitable[Response]]


def noted(protocol: str, call: str, endpoint: Endpoint) -> Endpoint:
    """Say in the account of a request what was called."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        note(request, protocol, call)
        return await endpoint(request)

    return answer


def note(request: Request, protocol: str, call: str = "other") -> None:
    """Say in the account of a request what it calls."""
    account = account_of(request.scope)
    account.protocol, account.call = protocol, call
