"""What a request gets that is not answered: its reason, in the words of all protocols."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope, Send

from sightline.serving.protocols.protocol import RequestError, error_reply
from sightline.serving.web.accounts import account_of
from sightline.serving.web.noise import Noise
from sightline.serving.wire import Reply

TRY_AGAIN = (429, 503)
_faults = Noise()


def to_response(reply: Reply) -> Response:
    """Return an answer as Starlette sends it."""
    return Response(reply.body, status_code=reply.status, headers=reply.headers)


async def refuse(
    scope: Scope, send: Send, error: RequestError, headers: Mapping[str, str] | None = None
) -> None:
    """Answer a request before it comes to any call."""
    account_of(scope).refused = error.reason
    reply = error_reply(error)
    response = to_response(replace(reply, headers={**reply.headers, **(headers or {})}))
    await response(scope, _nothing, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def on_request_error(request: Request, error: Exception) -> Response:
    """Answer a request that cannot be served."""
    assert isinstance(error, RequestError)  # noqa: S101 - Starlette calls it for these only
    account_of(request.scope).refused = error.reason
    response = to_response(error_reply(error))
    if error.status in TRY_AGAIN:
        response.headers["retry-after"] = "1"
    return response


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer an address or method that does not exist, as TensorFlow Serving words it."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for these only
    message = f"Malformed request: {request.method} {request.url.path[:200]}"
    response = to_response(error_reply(RequestError(error.status_code, message)))
    response.headers.update(error.headers or {})
    return response


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer after a fault of the server; the log has more."""
    _faults.say("fault", kind=type(error).__name__, reason=str(error)[:200])
    account_of(request.scope).refused = "fault"
    message = f"{type(error).__name__} in the server; its log has the details."
    return to_response(error_reply(RequestError(500, message)))
