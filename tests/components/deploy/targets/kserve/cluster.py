"""A Kubernetes API server with KServe on this machine, for the real client.

What KServe does with an InferenceService is as its sources of 2026-08 do it: canaries of their own
Deployments in Standard mode, revisions and `canaryTrafficPercent` in Knative mode.
"""

import asyncio
import copy
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sightline.targets.faults import FaultMiddleware, Faults
from tests.sightline.targets.loopback import Refusal, answer_refusal

Document = dict[str, Any]
ISVC = "/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices"
MODE = "serving.kserve.io/deploymentMode"


class Refused(Refusal):
    """An answer in the shape of metav1.Status."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message

    def answer(self, headers: Mapping[str, str] | None = None) -> Response:
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.status,
        }
        return JSONResponse(body, self.status, dict(headers or {}))


@dataclass
class Store:
    """Objects of one kind, with resource versions."""

    title: str
    validate: Callable[[Document], None] = lambda document: None
    objects: dict[str, Document] = field(default_factory=dict)
    counter: int = 0

    def get(self, name: str) -> Document:
        if name not in self.objects:
            raise Refused(404, "NotFound", f'{self.title} "{name}" not found')
        return self.objects[name]

    def create(self, document: Document) -> Document:
        name = document["metadata"]["name"]
        if name in self.objects:
            raise Refused(409, "AlreadyExists", f'{self.title} "{name}" already exists')
        self.validate(document)
        self.objects[name] = document
        document["metadata"]["generation"] = 1
        return self._stamped(document)

    def replace(self, name: str, document: Document) -> Document:
        found = self.get(name)
        if document["metadata"].get("resourceVersion") != found["metadata"]["resourceVersion"]:
            raise Refused(409, "Conflict", f'{self.title} "{name}": the object has been modified')
        self.validate(document)
        same = document.get("spec") == found.get("spec")
        generation = found["metadata"]["generation"] + (not same)
        document["metadata"]["generation"] = generation
        document["status"] = found.get("status", {})
        self.objects[name] = document
        return self._stamped(document)

    def _stamped(self, document: Document) -> Document:
        self.counter += 1
        document["metadata"]["resourceVersion"] = str(self.counter)
        return document


@dataclass
class KServe:
    """The cluster, and what KServe makes of its InferenceServices."""

    start: Callable[[Document], str] = lambda container: ""
    """Starts a container; returns the address of its server."""
    old: bool = False
    """Whether KServe is older than 0.20, which knows no `spec.canary`."""
    looks: int = 2
    """How often an InferenceService is looked at before KServe has done something about it."""
    faults: Faults = field(default_factory=lambda: Faults(re.search, _refusal))
    address: str = ""
    denied: set[str] = field(default_factory=set)
    """What the account may not do, such as `create inferenceservices`."""
    pods: dict[str, str] = field(default_factory=dict)
    """Address of the server behind every service."""
    never_ready: set[str] = field(default_factory=set)
    """Versions whose pods never come up."""
    failing: dict[str, int] = field(default_factory=dict)
    """Versions that answer with this status while they share the requests."""
    slow: dict[str, float] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    always_wrong: bool = False
    revisions: dict[str, Document] = field(default_factory=dict)
    """Container of every revision, in Knative mode."""
    shares_seen: list[dict[str, int]] = field(default_factory=list)
    """How requests were split, after each change: version -> percent."""
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.services = Store("inferenceservices.serving.kserve.io", self._validate)
        self._looks_left: dict[str, int] = {}

    def application(self) -> Starlette:
        kinds, reviews = "/apis/serving.kserve.io/v1beta1", "/apis/authorization.k8s.io/v1"
        proxy = "/api/v1/namespaces/{namespace}/services/{service}/proxy/{path:path}"
        routes = [
            Route(kinds, self.get_kinds, methods=["GET"]),
            Route(f"{reviews}/selfsubjectaccessreviews", self.review, methods=["POST"]),
            Route(ISVC, _create(self.services), methods=["POST"]),
            Route(f"{ISVC}/{{name}}", _replace(self.services), methods=["PUT"]),
            Route(f"{ISVC}/{{name}}", _delete(self.services), methods=["DELETE"]),
            Route(f"{ISVC}/{{name}}", self.get, methods=["GET"]),
            Route(proxy, self.proxy, methods=["POST"]),
            Route("/ingress/{name}/{path:path}", self.ingress, methods=["POST"]),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(FaultMiddleware, faults=self.faults)],
            exception_handlers={Refused: answer_refusal},
        )

    def traffic(self, name: str) -> dict[str, int]:
        """Percent of the requests by version, of those that have one."""
        split = self._split(self.services.objects[name])
        return {_version(container): share for container, share in split if share}

    def versions(self, name: str) -> list[str]:
        """Versions that have pods."""
        document = self.services.objects[name]
        if _is_knative(document):
            return sorted({_version(one) for one, _ in self._split(document)})
        spec = document["spec"]
        predictors = [spec["predictor"], *(one["predictor"] for one in spec.get("canary") or [])]
        return sorted(_version(one["containers"][0]) for one in predictors)

    async def get(self, request: Request) -> Response:
        name = request.path_params["name"]
        document = self.services.get(name)
        key = f"{name}/{document['metadata']['generation']}"
        left = self._looks_left.setdefault(key, self.looks)
        self._looks_left[key] = left - 1
        if left <= 0 or self.looks == 0:
            self._reconcile(document)
        return JSONResponse(document)

    async def get_kinds(self, request: Request) -> Response:
        kinds = [{"name": name} for name in ("inferenceservices", "inferenceservices/status")]
        return JSONResponse({"kind": "APIResourceList", "resources": kinds})

    async def review(self, request: Request) -> Response:
        asked = (await request.json())["spec"]["resourceAttributes"]
        allowed = f"{asked['verb']} {asked['resource']}" not in self.denied
        return JSONResponse({"status": {"allowed": allowed}}, 201)

    async def proxy(self, request: Request) -> Response:
        service = request.path_params["service"].partition(":")[0]
        if service not in self.pods:
            raise Refused(503, "ServiceUnavailable", f'no endpoints available for "{service}"')
        body = await request.body()
        return await self._ask(self.pods[service], request.path_params["path"], body)

    async def ingress(self, request: Request) -> Response:
        """What clients ask: the requests are split as KServe was told."""
        split = self._split(self.services.get(request.path_params["name"]))
        chosen = self.chance.choices([one for one, _ in split], [share for _, share in split])[0]
        return await self._ask(
            self.start(chosen), request.path_params["path"], await request.body(), chosen
        )

    async def _ask(
        self, address: str, path: str, body: bytes, container: Document | None = None
    ) -> Response:
        version = (
            next((one for one, known in self._addresses().items() if known == address), "")
            if container is None
            else _version(container)
        )
        shares = any(
            self.traffic(name).get(version, 0) not in (0, 100) for name in self.services.objects
        )
        if version in self.failing and shares:
            raise _refusal(self.failing[version], "the server failed")
        await asyncio.sleep(self.slow.get(version, 0.0) if shares else 0.0)
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(f"{address}/{path}", content=body)
        content = answer.json()
        if self.always_wrong or (version in self.wrong and shares):
            for row in content["predictions"]:
                row["probabilities"].reverse()
        return JSONResponse(content, answer.status_code)

    def _addresses(self) -> dict[str, str]:
        return self._by_version

    _by_version: dict[str, str] = field(default_factory=dict)

    def _started(self, service: str, container: Document) -> bool:
        version = _version(container)
        if version in self.never_ready:
            return False
        self.pods[service] = self._by_version[version] = self.start(container)
        return True

    def _reconcile(self, document: Document) -> None:
        before = json.dumps(document.get("status"), sort_keys=True)
        status = document.setdefault("status", {})
        status["observedGeneration"] = document["metadata"]["generation"]
        status["url"] = f"http://{document['metadata']['name']}.default.example.com"
        ready = self._knative(document) if _is_knative(document) else self._standard(document)
        message = "" if ready else "Revision failed: container exited with 2"
        state = "True" if ready else "False"
        status["conditions"] = [{"type": "Ready", "status": state, "message": message}]
        if json.dumps(status, sort_keys=True) != before:
            document["metadata"]["resourceVersion"] = str(self.services.counter + 1)
            self.services.counter += 1
        if (seen := self.traffic(document["metadata"]["name"])) not in self.shares_seen[-1:]:
            self.shares_seen.append(seen)

    def _standard(self, document: Document) -> bool:
        name, spec = document["metadata"]["name"], document["spec"]
        wanted = {}
        for predictor in [spec["predictor"], *(c["predictor"] for c in spec.get("canary") or [])]:
            own = predictor.get("name", "")
            service = f"{name}-{own}-predictor" if own else f"{name}-predictor"
            wanted[service] = predictor
        ready = {
            service: self._started(service, one["containers"][0]) for service, one in wanted.items()
        }
        for service in [one for one in self.pods if one not in wanted]:
            del self.pods[service]
        canaries = spec.get("canary") or []
        document["status"]["canaryStatuses"] = [
            {
                "name": one["predictor"]["name"],
                "ready": ready[f"{name}-{one['predictor']['name']}-predictor"],
                "trafficPercent": one["trafficPercent"],
            }
            for one in canaries
        ]
        return next(iter(ready.values()))

    def _knative(self, document: Document) -> bool:
        name, predictor = document["metadata"]["name"], document["spec"]["predictor"]
        seen = document["status"].setdefault("components", {}).setdefault("predictor", {})
        newest = seen.get("latestCreatedRevision")
        if newest is None or self.revisions[newest] != predictor["containers"][0]:
            newest = f"{name}-predictor-{len(self.revisions) + 1:05}"
            self.revisions[newest] = copy.deepcopy(predictor["containers"][0])
            seen["latestCreatedRevision"] = newest
        ready = self._started(f"{newest}-private", self.revisions[newest])
        if ready:
            seen["latestReadyRevision"] = newest
            if predictor.get("canaryTrafficPercent") is None:
                seen["previousRolledoutRevision"] = seen.get("latestRolledoutRevision", "")
                seen["latestRolledoutRevision"] = newest
        return ready

    def _split(self, document: Document) -> list[tuple[Document, int]]:
        spec = document["spec"]
        if not _is_knative(document):
            canaries = [
                (one["predictor"]["containers"][0], one["trafficPercent"])
                for one in spec.get("canary") or []
            ]
            rest = 100 - sum(share for _, share in canaries)
            return [(spec["predictor"]["containers"][0], rest), *canaries]
        seen = document.get("status", {}).get("components", {}).get("predictor", {})
        newest, whole = seen.get("latestReadyRevision"), seen.get("latestRolledoutRevision")
        percent = spec["predictor"].get("canaryTrafficPercent")
        if not newest:
            return [(spec["predictor"]["containers"][0], 100)]
        if percent is None or not whole:
            return [(self.revisions[newest], 100)]
        return [(self.revisions[newest], percent), (self.revisions[whole], 100 - percent)]

    def _validate(self, document: Document) -> None:
        if self.old:
            document["spec"].pop("canary", None)
        mode = document["metadata"].get("annotations", {}).get(MODE)
        stable = document["spec"]["predictor"]
        for one in document["spec"].get("canary") or []:
            predictor = one["predictor"]
            problems = {
                "canary is only supported in Standard deployment mode": mode != "Standard",
                "predictor.name is required": not predictor.get("name"),
                "name conflicts": predictor.get("name") == stable.get("name"),
                "must not set maxReplicas": "maxReplicas" in predictor,
                "minReplicas": predictor.get("minReplicas", 1) > stable.get("minReplicas", 1),
                "trafficPercent": not 0 <= one.get("trafficPercent", -1) <= 100,
            }
            for message, applies in problems.items():
                if applies:
                    raise Refused(400, "BadRequest", f"admission webhook denied: {message}")


def _refusal(status: int, message: str) -> Refused:
    return Refused(status, "InternalError", message)


def _is_knative(document: Document) -> bool:
    return bool(document["metadata"].get("annotations", {}).get(MODE) == "Knative")


def _version(container: Document) -> str:
    told = {one["name"]: one["value"] for one in container["env"]}
    return str(told["SIGHTLINE_VARIANT"]).partition("-")[0]


def _create(store: Store) -> Callable[[Request], Any]:
    async def create(request: Request) -> Response:
        return JSONResponse(store.create(await request.json()), 201)

    return create


def _replace(store: Store) -> Callable[[Request], Any]:
    async def replace(request: Request) -> Response:
        return JSONResponse(store.replace(request.path_params["name"], await request.json()))

    return replace


def _delete(store: Store) -> Callable[[Request], Any]:
    async def delete(request: Request) -> Response:
        name = request.path_params["name"]
        store.get(name)
        del store.objects[name]
        return JSONResponse({"kind": "Status", "status": "Success"})

    return delete
