"""The HTTP routes of the server: bytes in, to a worker, bytes out."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sightline import __version__
from sightline.ground.errors import shorten
from sightline.ground.models.signatures import FILES
from sightline.serving.canary import Canary
from sightline.serving.generation import Generation
from sightline.serving.health import Health
from sightline.serving.options import VertexRoutes
from sightline.serving.pool import Pool
from sightline.serving.protocols.encoding import packed
from sightline.serving.protocols.plain import ASKED_TOP_K
from sightline.serving.protocols.protocol import CLIENT_GONE, TOP_K, RequestError, json_reply
from sightline.serving.protocols.vertex import DEPLOYED_MODEL
from sightline.serving.sampling.feed import SampleFeed
from sightline.serving.versions import Versions
from sightline.serving.web import paths
from sightline.serving.web.accounts import account_of, note, noted
from sightline.serving.web.admission import Admission
from sightline.serving.web.errors import on_fault, on_http_error, on_request_error, to_response
from sightline.serving.web.metrics import Metrics
from sightline.serving.web.openapi import document
from sightline.serving.web.token import PAGE, is_known
from sightline.serving.wire import OPEN, PICTURES, PLAIN, TENSORFLOW, VERTEX, Question, Reply

PAGE_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "connect-src 'self'; img-src blob:; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'"
)
FOR_WORKERS = (
    "accept-encoding",
    "content-encoding",
    "content-type",
    "inference-header-content-length",
)
"""Headers that say how a body is to be read, or the answer written."""


Answered = tuple[Generation, Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """One method per call; none reads a body or an image."""

    name: str
    versions: Versions
    pool: Pool
    admission: Admission
    health: Health
    metrics: Metrics
    samples: SampleFeed | None
    canary: Canary
    vertex: VertexRoutes | None = None
    has_page: bool = True
    """Whether people can try the model with a browser."""

    def routes(self) -> list[Route]:
        """Return the addresses of all calls."""
        return [
            *self._vertex_routes(),
            # TensorFlow Serving's addresses may be written in any case.
            Route("/v1/{rest:path}", self.tensorflow_serving, methods=METHODS),
            Route("/V1/{rest:path}", self.tensorflow_serving, methods=METHODS),
            Route("/v2", noted(OPEN, "metadata", self.server_v2)),
            Route("/v2/health/live", noted(OPEN, "live", self.live)),
            Route("/v2/health/ready", noted(OPEN, "ready", self.ready)),
            Route("/v2/models/{rest:path}", self.open_inference, methods=["GET", "POST"]),
            Route("/predict", noted(PLAIN, "predict", self.predict), methods=["POST"]),
            Route("/healthz", noted(PLAIN, "ready", self.healthz)),
            Route("/healthz/", noted(PLAIN, "ready", self.healthz)),
            Route("/livez", noted(PLAIN, "live", self.live)),
            Route("/readyz", noted(PLAIN, "ready", self.ready)),
            Route("/metrics", noted(PLAIN, "metrics", self.measured)),
            # TensorFlow Serving's address of the same.
            Route("/monitoring/prometheus/metrics", noted(PLAIN, "metrics", self.measured)),
            Route("/openapi.json", noted(PLAIN, "openapi", self.described)),
            *self._page_routes(),
        ]

    def _page_routes(self) -> list[Route]:
        if not self.has_page:
            return []
        return [
            Route(PAGE, noted(PLAIN, "page", self.page)),
            Route("/pictures", noted(PLAIN, "pictures", self.pictures)),
        ]

    def _vertex_routes(self) -> list[Route]:
        if self.vertex is None:
            return []
        return [
            Route(
                self.vertex.predict,
                noted(VERTEX, "predict", self.vertex_predict),
                methods=["POST"],
            ),
            Route(self.vertex.health, noted(VERTEX, "ready", self.ready)),
        ]

    async def vertex_predict(self, request: Request) -> Response:
        """Answer a request that Vertex AI passes on."""
        address = paths.Address(verb="predict", name=self.name, version=None)
        told = {DEPLOYED_MODEL: self.vertex.deployed_model} if self.vertex else {}
        return await self._answer(request, VERTEX, address, told)

    async def tensorflow_serving(self, request: Request) -> Response:
        """Answer a call of TensorFlow Serving's REST."""
        note(request, TENSORFLOW)
        address = paths.parse(request.method, request.url.path)
        note(request, TENSORFLOW, address.verb)
        if address.verb == "status":
            return to_response(self._status(address))
        if address.verb == "predict":
            return await self._answer(request, TENSORFLOW, address)
        generation = await self._find(address)
        content = generation.description
        signatures = {"signature_def": {"signature_def": content["signatures"]}}
        version = str(content["version"])
        spec = {"name": self.name, "signature_name": "", "version": version}
        reply = json_reply({"model_spec": spec, "metadata": signatures})
        return to_response(packed(reply, request.headers))

    async def open_inference(self, request: Request) -> Response:
        """Answer a call of the Open Inference Protocol that names a model."""
        note(request, OPEN)
        address = paths.parse_v2(request.method, request.url.path)
        note(request, OPEN, address.verb)
        if address.verb == "predict":
            return await self._answer(request, OPEN, address)
        content = (await self._find(address)).description
        if address.verb == "ready":
            self._require_ready()
            return to_response(json_reply({"name": self.name, "ready": True}))
        numbers = [state.version for state in self.versions.states() if state.is_available]
        described = {
            "name": self.name,
            "versions": [str(number) for number in numbers],
            "platform": f"sightline_{content['engine']}",
            "inputs": [{"name": FILES, "datatype": "BYTES", "shape": [-1]}],
            "outputs": content["outputs"],
        }
        return to_response(json_reply(described))

    async def server_v2(self, request: Request) -> Response:
        """Say what speaks the Open Inference Protocol here."""
        described = {
            "name": "sightline",
            "version": __version__,
            "extensions": ["binary_tensor_data"],
        }
        return to_response(json_reply(described))

    async def predict(self, request: Request) -> Response:
        """Answer an image file, or a form of them.

        Raises:
            RequestError: the address asks for what is not known.
        """
        address = paths.Address(verb="predict", name=self.name, version=None)
        if unknown := sorted(set(request.query_params) - {TOP_K}):
            raise RequestError(
                400,
                f"Expected nothing but ?{TOP_K}= in the address, received "
                f"{shorten(name[:40] for name in unknown)}. Leave it out.",
            )
        asked = request.query_params.get(TOP_K)
        return await self._answer(request, PLAIN, address, {ASKED_TOP_K: asked} if asked else {})

    async def _answer(
        self,
        request: Request,
        call: str,
        address: paths.Address,
        told: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        """Hand the body of a request to a worker, and its answer to the client."""
        account = account_of(request.scope)
        with self.admission.request(account) as ticket:
            await self._find(address)  # before a body is read for nothing
            body = await ticket.read(request.stream())
            headers = {
                name: request.headers[name] for name in FOR_WORKERS if name in request.headers
            }
            question = self._with_sampling(
                Question(call=call, headers={**headers, **told}, body=body)
            )
            # Another version may have gone live while the body came.
            generation = await self._find(address)
            client = request.client.host if request.client else ""
            with generation.held():
                # Somebody who names the live version wants no other, nor its golden pictures.
                is_open = address.version is None and not address.is_labelled
                split = is_open and call != PICTURES
                answer = self.canary.answer(generation, question, client, split=split)
                generation, reply = await self._unless_gone(request, answer)
        account.version = str(generation.description["version"])
        account.note(reply.told, generation.classes)
        if self.samples and reply.samples:
            number = int(account.version)
            self.samples.offer(reply, version=number, request_id=account.request_id)
        headers = {**reply.headers, "x-model-version": account.version}
        return to_response(replace(reply, headers=headers))

    def _with_sampling(self, question: Question) -> Question:
        if not self.samples:
            return question
        sampling = self.samples.sampling
        return replace(question, sample=sampling.share, sample_images=sampling.images)

    async def _unless_gone(self, request: Request, answer: Awaitable[Answered]) -> Answered:
        """Wait for an answer for as long as there is somebody who wants it."""
        answering = asyncio.ensure_future(answer)
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise RequestError(CLIENT_GONE, "The client closed the connection.")
            return answering.result()
        finally:
            gone.cancel()
            answering.cancel()

    async def _find(self, address: paths.Address) -> Generation:
        found = None
        if address.name == self.name:
            found = await self.versions.find(address.version)
        if found is None:
            raise RequestError(404, f"Servable not found for request: {address.in_words}")
        return found

    def _status(self, address: paths.Address) -> Reply:
        """Return the states of the versions that the server has seen."""
        states = self.versions.states()
        current = self.versions.current
        number = address.version
        if number is None and address.is_labelled and current:
            number = current.number
        wanted = [state for state in states if number in (None, state.version)]
        if address.name != self.name or not wanted:
            which = "any versions" if number is None else f"version {number}"
            raise RequestError(404, f"Could not find {which} of model {address.name}")
        return json_reply({"model_version_status": [state.as_json() for state in wanted]})

    async def healthz(self, request: Request) -> Response:
        """Say whether requests are answered, and by which version."""
        self._require_ready()
        current = self.versions.current
        content = current.generation.description if current and is_known(request.scope) else {}
        keys = ("version", "problem", "classes", "engine")
        told = {key: content[key] for key in keys if key in content}
        named = {"model": self.name} if is_known(request.scope) else {}
        challenger = self.canary.facts() if is_known(request.scope) else {}
        shared = {"challenger": challenger} if challenger else {}
        return to_response(json_reply({"status": "ok", **named, **told, **shared}))

    async def live(self, request: Request) -> Response:
        """Say that the loop answers."""
        return to_response(json_reply({"status": "ok", "live": True}))

    async def ready(self, request: Request) -> Response:
        """Say whether a worker has lately given the right answer."""
        self._require_ready()
        return to_response(json_reply({"status": "ok", "ready": True}))

    def _require_ready(self) -> None:
        if problem := self.health.problem():
            raise RequestError(503, problem, "not ready")

    async def measured(self, request: Request) -> Response:
        """Return what Prometheus reads."""
        content, kind = self.metrics.page(request.headers.get("accept", ""))
        return Response(content, headers={"content-type": kind})

    async def described(self, request: Request) -> Response:
        """Describe all of these calls."""
        return to_response(json_reply(document(request.app.routes, self.name)))

    async def pictures(self, request: Request) -> Response:
        """Return golden pictures of the live version with their answers."""
        address = paths.Address(verb="predict", name=self.name, version=None)
        return await self._answer(request, PICTURES, address)

    async def page(self, request: Request) -> Response:
        """Return a page on which a person can try the model with a photo."""
        return HTMLResponse(
            resources.files("sightline.serving").joinpath("page.html").read_bytes(),
            headers={"content-security-policy": PAGE_POLICY},
        )


METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


def build_application(calls: Calls) -> Starlette:
    """Return the application that answers these calls."""
    application = Starlette(
        routes=calls.routes(),
        exception_handlers={
            RequestError: on_request_error,
            HTTPException: on_http_error,
            Exception: on_fault,
        },
    )
    # It would lead to wherever the Host header says.
    application.router.redirect_slashes = False
    return application


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
