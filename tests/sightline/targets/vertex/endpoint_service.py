"""The loopback EndpointService and PredictionService, in front of real servers."""

import asyncio
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from google.cloud.aiplatform_v1 import (
    DeployModelRequest,
    DeployModelResponse,
    Endpoint,
    ListEndpointsResponse,
    UndeployModelRequest,
    UndeployModelResponse,
)
from google.protobuf.empty_pb2 import Empty
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sightline.targets.vertex import wire
from tests.sightline.targets.vertex.model_service import Models
from tests.sightline.targets.vertex.operations import PARENT, Operations
from tests.sightline.targets.vertex.simulation import NUMBER

ENDPOINT_ID = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]|[1-9][0-9]{0,8}")
Start = Callable[[Any, Mapping[str, str]], str]
"""Starts the container of a model with an environment; returns where its predictions are asked."""


class _Nothing:
    @staticmethod
    def pb(message: Any) -> Empty:
        return Empty()


@dataclass
class Endpoints:
    """Every endpoint by its id."""

    operations: Operations
    models: Models
    start: Start
    by_id: dict[str, Any] = field(default_factory=dict)
    servers: dict[tuple[str, str], str] = field(default_factory=dict)
    """Where a deployed model is asked, by endpoint and id."""
    failing: dict[str, int] = field(default_factory=dict)
    """Versions that answer with this status."""
    slow: dict[str, float] = field(default_factory=dict)
    """Versions that take so many seconds longer."""
    wrong: set[str] = field(default_factory=set)
    """Versions that turn their answers round, once they have traffic beside others."""
    wrong_at_rehearsal: bool = False
    """Whether all answers are turned round, at any endpoint."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Endpoint and deployed model of every prediction."""
    moved_meanwhile: dict[str, int] | None = None
    """A traffic split that somebody else writes right before the next one is written."""
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def routes(self) -> list[Route]:
        endpoints, endpoint = f"{PARENT}/endpoints", f"{PARENT}/endpoints/{{id}}"
        return [
            Route(endpoints, self.create, methods=["POST"]),
            Route(endpoints, self.list, methods=["GET"]),
            Route(f"{endpoint}:deployModel", self.deploy, methods=["POST"]),
            Route(f"{endpoint}:undeployModel", self.undeploy, methods=["POST"]),
            Route(f"{endpoint}:predict", self.predict, methods=["POST"]),
            Route(endpoint, self.get, methods=["GET"]),
            Route(endpoint, self.update, methods=["PATCH"]),
            Route(endpoint, self.delete, methods=["DELETE"]),
        ]

    def traffic(self, endpoint: str) -> dict[str, int]:
        """Share of the requests by version, of those that have one."""
        found = self.by_id[endpoint]
        version = {one.id: one.model_version_id for one in found.deployed_models}
        return {version[id_]: share for id_, share in found.traffic_split.items() if share}

    def versions(self, endpoint: str) -> list[str]:
        """Versions that have machines there."""
        return [one.model_version_id for one in self.by_id[endpoint].deployed_models]

    async def create(self, request: Request) -> Response:
        asked = await wire.read(request, Endpoint)
        wire.expect_query(request, "endpointId")
        id_ = request.query_params.get("endpointId", str(len(self.by_id) + 1))
        if not ENDPOINT_ID.fullmatch(id_) or not asked.display_name:
            raise wire.invalid(f"endpoint_id {id_!r} or display_name is not valid.")
        if id_ in self.by_id:
            raise wire.Refused(409, "ALREADY_EXISTS", f"Endpoint {id_} already exists.")

        def created() -> Endpoint:
            if id_ in self.by_id:
                raise wire.Refused(409, "ALREADY_EXISTS", f"Endpoint {id_} already exists.")
            asked.etag = "etag-of-a-new-one"
            asked.name = f"projects/{NUMBER}/locations/europe-west4/endpoints/{id_}"
            self.by_id[id_] = asked
            return Endpoint(name=asked.name)

        return self.operations.begin("create", f"endpoints/{id_}", created)

    async def list(self, request: Request) -> Response:
        wire.expect_query(request, "filter", "pageSize", "pageToken", "orderBy", "readMask")
        condition = request.query_params.get("filter", "")
        found = [
            one
            for one in self.by_id.values()
            if wire.passes(condition, {"display_name": one.display_name})
        ]
        answer = ListEndpointsResponse.pb(ListEndpointsResponse())
        shown, answer.next_page_token = wire.page(request, found)
        answer.endpoints.extend(shown)
        return wire.write(request, answer)

    async def get(self, request: Request) -> Response:
        return wire.write(request, self._find(request))

    async def update(self, request: Request) -> Response:
        wire.expect_query(request, "updateMask")
        if request.query_params["updateMask"] != "trafficSplit":
            raise wire.invalid("Only the traffic split can be updated here.")
        endpoint, given = self._find(request), await wire.read(request, Endpoint)
        if self.moved_meanwhile is not None:
            self._split(endpoint, self.moved_meanwhile)
            self.moved_meanwhile = None
        if given.etag and given.etag != endpoint.etag:
            raise wire.Refused(409, "ABORTED", "The etag does not match the Endpoint's.")
        self._split(endpoint, dict(given.traffic_split))
        return wire.write(request, endpoint)

    async def delete(self, request: Request) -> Response:
        endpoint, id_ = self._find(request), request.path_params["id"]
        if endpoint.deployed_models:
            raise wire.Refused(400, "FAILED_PRECONDITION", "The Endpoint has deployed models.")

        def deleted() -> Any:
            self.by_id.pop(id_, None)
            return _Nothing()

        return self.operations.begin("delete", f"endpoints/{id_}", deleted)

    async def deploy(self, request: Request) -> Response:
        asked = await wire.read(request, DeployModelRequest)
        endpoint, id_ = self._find(request), request.path_params["id"]
        deployed = asked.deployed_model
        version = self.models.version(deployed.model)
        if not re.fullmatch(r"[0-9]{1,10}", deployed.id):
            raise wire.invalid("deployed_model.id should be 1-10 digits.")
        if any(one.id == deployed.id for one in endpoint.deployed_models):
            raise wire.Refused(409, "ALREADY_EXISTS", f"DeployedModel {deployed.id} exists.")
        if not deployed.dedicated_resources.machine_spec.machine_type:
            raise wire.invalid("dedicated_resources.machine_spec.machine_type is required.")
        if not deployed.dedicated_resources.min_replica_count:
            raise wire.invalid("min_replica_count must be at least 1.")

        def added() -> DeployModelResponse:
            if any(one.id == deployed.id for one in endpoint.deployed_models):
                raise wire.Refused(409, "ALREADY_EXISTS", f"DeployedModel {deployed.id} exists.")
            environment = {
                "AIP_STORAGE_URI": version.artifact_uri,
                "AIP_PREDICT_ROUTE": f"/v1/endpoints/{id_}/deployedModels/{deployed.id}:predict",
                "AIP_HEALTH_ROUTE": f"/v1/endpoints/{id_}/deployedModels/{deployed.id}",
            }
            self.servers[id_, deployed.id] = self.start(version, environment)
            one = endpoint.deployed_models.add()
            one.CopyFrom(deployed)
            one.model, one.model_version_id = version.name, version.version_id
            if asked.traffic_split:
                split = dict(asked.traffic_split)
                self._split(endpoint, {k if k != "0" else one.id: v for k, v in split.items()})
            return DeployModelResponse()

        return self.operations.begin("deploy", f"endpoints/{id_}", added)

    async def undeploy(self, request: Request) -> Response:
        asked = await wire.read(request, UndeployModelRequest)
        endpoint, id_ = self._find(request), request.path_params["id"]
        here = [one for one in endpoint.deployed_models if one.id == asked.deployed_model_id]
        if not here:
            raise wire.Refused(404, "NOT_FOUND", "The DeployedModel does not exist.")
        if endpoint.traffic_split.get(asked.deployed_model_id):
            raise wire.Refused(400, "FAILED_PRECONDITION", "The DeployedModel has traffic.")

        def removed() -> UndeployModelResponse:
            for one in [one for one in endpoint.deployed_models if one.id == here[0].id]:
                endpoint.deployed_models.remove(one)
            return UndeployModelResponse()

        return self.operations.begin("undeploy", f"endpoints/{id_}", removed)

    async def predict(self, request: Request) -> Response:
        endpoint, id_ = self._find(request), request.path_params["id"]
        split = dict(endpoint.traffic_split)
        if not split:
            raise wire.Refused(400, "FAILED_PRECONDITION", "The Endpoint has no traffic split.")
        chosen = self.chance.choices(list(split), list(split.values()))[0]
        deployed = next(one for one in endpoint.deployed_models if one.id == chosen)
        version = deployed.model_version_id
        self.asked.append((id_, version))
        if version in self.failing and len(split) > 1:
            raise wire.refused(self.failing[version], "The model server failed.")
        await asyncio.sleep(self.slow.get(version, 0.0) if len(split) > 1 else 0.0)
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(self.servers[id_, chosen], content=await request.body())
        if answer.status_code != 200:
            return Response(answer.content, answer.status_code, media_type="application/json")
        told = {
            "deployedModelId": chosen,
            "model": deployed.model,
            "modelDisplayName": deployed.display_name,
            "modelVersionId": deployed.model_version_id,
        }
        content = answer.json()
        if self.wrong_at_rehearsal or (version in self.wrong and len(split) > 1):
            for row in content["predictions"]:
                row["probabilities"].reverse()
        return JSONResponse({**content, **told})

    def _find(self, request: Request) -> Any:
        id_ = request.path_params["id"]
        if id_ not in self.by_id:
            raise wire.Refused(404, "NOT_FOUND", f"Endpoint {id_} does not exist.")
        return self.by_id[id_]

    def _split(self, endpoint: Any, split: dict[str, int]) -> None:
        known = {one.id for one in endpoint.deployed_models}
        if (split and sum(split.values()) != 100) or not set(split) <= known:
            raise wire.invalid(f"traffic_split: {split} is not valid.")
        endpoint.traffic_split.clear()
        endpoint.traffic_split.update(split)
        endpoint.etag = f"etag-{uuid4().hex[:8]}"
