"""The HTTP routes of the server: TensorFlow Serving's REST calls, health and a page to try."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sightline.serving import rest
from sightline.serving.batching import Batcher, Overloaded, Result
from sightline.serving.images import ImageRefusal, check_images
from sightline.serving.rest import RequestError
from sightline.serving.versions import LoadedVersion, Versions
from sightline.stage.formats.servable import ImageError

BYTES_PER_MB = 2**20
PAGE_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src blob:; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'"
)


class JsonResponse(Response):
    """JSON in ASCII, with NaN as a bare token, both as TensorFlow Serving writes it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content).encode("ascii")


def build_application(
    versions: Versions, batcher: Batcher, *, name: str, max_body_mb: int
) -> Starlette:
    """Return the application that serves `versions` under the model name `name`."""
    calls = Calls(versions, batcher, name, max_body_mb * BYTES_PER_MB)
    model = "/v1/models/{name}"
    pinned = model + "/versions/{version:int}"
    return Starlette(
        routes=[
            Route(f"{model}:predict", calls.predict, methods=["POST"]),
            Route(f"{pinned}:predict", calls.predict, methods=["POST"]),
            Route(f"{model}/metadata", calls.metadata),
            Route(f"{pinned}/metadata", calls.metadata),
            Route(pinned, calls.status),
            Route(model, calls.status),
            Route("/healthz", calls.health),
            Route("/", calls.page),
        ],
        exception_handlers={
            RequestError: on_request_error,
            HTTPException: on_http_error,
            Exception: on_fault,
        },
    )


class Calls:
    """One method per call."""

    def __init__(self, versions: Versions, batcher: Batcher, name: str, max_body: int) -> None:
        self._versions, self._batcher = versions, batcher
        self._name, self._max_body = name, max_body

    async def predict(self, request: Request) -> Response:
        """Answer images."""
        version = self._find(request)
        body = await read_body(request, self._max_body)
        parsed = await run_in_threadpool(parse, body)
        try:
            future = self._batcher.submit(version.model, parsed.images)
        except Overloaded as error:
            raise RequestError(503, str(error)) from error
        results: list[Result] = await asyncio.wrap_future(future)
        for index, result in enumerate(results):
            if isinstance(result, ImageError):
                raise RequestError(400, f"instance {index}: {result}")
        rows = [version.problem.serving.as_json(result) for result in results]
        answer = rest.predict_response(rows, columnar=parsed.columnar)
        return JsonResponse(answer, headers={"x-model-version": str(version.number)})

    async def status(self, request: Request) -> Response:
        """Return the states of the versions that the server has seen."""
        number = request.path_params.get("version")
        states = self._versions.states()
        wanted = [state for state in states if number in (None, state.version)]
        if request.path_params["name"] != self._name or not wanted:
            which = "any versions" if number is None else f"version {number}"
            raise RequestError(
                404, f"Could not find {which} of model {request.path_params['name']}"
            )
        return JsonResponse(rest.status_response(wanted))

    async def metadata(self, request: Request) -> Response:
        """Return the signatures of the model."""
        version = self._find(request)
        return JsonResponse(rest.metadata_response(self._name, version.number, version.signatures))

    async def health(self, request: Request) -> Response:
        """Say whether a version answers."""
        current = self._versions.current
        if current is None:
            raise RequestError(503, "No version is loaded yet. Try again in a few seconds.")
        return JsonResponse(
            {
                "status": "ok",
                "model": self._name,
                "version": current.number,
                "problem": current.problem.name,
                "classes": current.classes,
            }
        )

    async def page(self, request: Request) -> Response:
        """Return a page on which a person can try the model with a photo."""
        return HTMLResponse(
            resources.files("sightline.serving").joinpath("page.html").read_bytes(),
            headers={"content-security-policy": PAGE_POLICY},
        )

    def _find(self, request: Request) -> LoadedVersion:
        """Return the version that the address names; without one, the live version."""
        name, number = request.path_params["name"], request.path_params.get("version")
        current = self._versions.current
        if name == self._name and current is not None and number in (None, current.number):
            return current
        which = f"Latest({name})" if number is None else f"Specific({name}, {number})"
        raise RequestError(404, f"Servable not found for request: {which}")


def parse(body: bytes) -> rest.PredictRequest:
    """Read the body and look at its images, in a thread: both take time for large requests."""
    parsed = rest.parse_predict(body)
    try:
        check_images(parsed.images)
    except ImageRefusal as error:
        raise RequestError(400, f"instance {error.index}: {error.reason}.") from error
    return parsed


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Read the body, no further than `max_bytes`.

    Raises:
        RequestError: the body is larger, or the client went away.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                raise RequestError(
                    413,
                    f"Expected a body of at most {max_bytes // BYTES_PER_MB} MB, received more. "
                    "Send fewer images at a time, or start the server with a larger limit.",
                )
    except ClientDisconnect as error:
        raise RequestError(400, "The client closed the connection.") from error
    return bytes(body)


Handler = Callable[[Request, Exception], Awaitable[Response]]


async def on_request_error(request: Request, error: Exception) -> Response:
    """Answer a request that cannot be served."""
    assert isinstance(error, RequestError)  # noqa: S101 - Starlette calls it for these only
    return JsonResponse({"error": error.message}, status_code=error.status)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer an address or method that does not exist, as TensorFlow Serving words it."""
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it for these only
    message = f"Malformed request: {request.method} {request.url.path}"
    return JsonResponse({"error": message}, status_code=error.status_code, headers=error.headers)


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer after a fault of the server; the traceback goes to the log."""
    message = f"{type(error).__name__} in the server; its log has the details."
    return JsonResponse({"error": message}, status_code=500)
