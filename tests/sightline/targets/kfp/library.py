"""Experiments, pipelines and versions of the loopback Kubeflow."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.sightline.targets.kfp.wire import Entry, Refused, now, page, read, uploaded_file

BASE = "/apis/v2beta1"
KEYS = {key: key for key in ("display_name", "name", "created_at", "namespace", "id")}
LONGEST_UPLOAD = 32 * 2**20


@dataclass
class Library:
    """What is kept by unique names."""

    multi_user: bool = False
    experiments: dict[str, Entry] = field(default_factory=dict)
    pipelines: dict[str, Entry] = field(default_factory=dict)
    versions: dict[str, Entry] = field(default_factory=dict)
    packages: dict[str, bytes] = field(default_factory=dict)
    """Uploaded files, by version."""

    def routes(self) -> list[Route]:
        return [
            Route(f"{BASE}/experiments", self.list_experiments),
            Route(f"{BASE}/experiments", self.create_experiment, methods=["POST"]),
            Route(f"{BASE}/experiments/{{id}}", self.get_experiment),
            Route(f"{BASE}/pipelines", self.list_pipelines),
            Route(f"{BASE}/pipelines", self.create_pipeline, methods=["POST"]),
            Route(f"{BASE}/pipelines/upload", self.upload, methods=["POST"]),
            Route(f"{BASE}/pipelines/upload_version", self.upload_version, methods=["POST"]),
            Route(f"{BASE}/pipelines/{{id}}", self.get_pipeline),
            Route(f"{BASE}/pipelines/{{id}}/versions", self.list_versions),
            Route(f"{BASE}/pipelines/{{id}}/versions/{{version}}", self.get_version),
        ]

    def document(self, version_id: str) -> Entry:
        """The pipeline of a version, without platform settings."""
        spec = self.versions[version_id]["pipeline_spec"]
        return dict(spec.get("pipeline_spec", spec))

    async def list_experiments(self, request: Request) -> JSONResponse:
        return page(request, self._visible(request, self.experiments), "experiments", KEYS)

    async def create_experiment(self, request: Request) -> JSONResponse:
        body = await read(request, "V2beta1Experiment")
        entry = self._named(body, self.experiments, "Experiment")
        entry |= {"experiment_id": _new_id(), "storage_state": "AVAILABLE"}
        self.experiments[entry["experiment_id"]] = entry
        return JSONResponse(entry)

    async def get_experiment(self, request: Request) -> JSONResponse:
        return JSONResponse(_get(self.experiments, request.path_params["id"], "Experiment"))

    async def list_pipelines(self, request: Request) -> JSONResponse:
        return page(request, self._visible(request, self.pipelines), "pipelines", KEYS)

    async def create_pipeline(self, request: Request) -> JSONResponse:
        body = await read(request, "V2beta1Pipeline")
        return JSONResponse(self._add_pipeline(body))

    async def get_pipeline(self, request: Request) -> JSONResponse:
        return JSONResponse(_get(self.pipelines, request.path_params["id"], "Pipeline"))

    async def upload(self, request: Request) -> JSONResponse:
        content = await uploaded_file(request)
        documents = parse_package(content)
        name = request.query_params.get("name") or documents[0]["pipelineInfo"]["name"]
        wanted = {"display_name": name, "namespace": request.query_params.get("namespace")}
        entry = self._add_pipeline({key: value for key, value in wanted.items() if value})
        self._add_version(entry["pipeline_id"], name, content, documents)
        return JSONResponse(entry)

    async def upload_version(self, request: Request) -> JSONResponse:
        pipeline_id = request.query_params.get("pipelineid") or ""
        name = request.query_params.get("name") or ""
        content = await uploaded_file(request)
        documents = parse_package(content)
        _get(self.pipelines, pipeline_id, "Pipeline")
        return JSONResponse(self._add_version(pipeline_id, name, content, documents))

    async def list_versions(self, request: Request) -> JSONResponse:
        pipeline_id = request.path_params["id"]
        found = [one for one in self.versions.values() if one["pipeline_id"] == pipeline_id]
        return page(request, found, "pipeline_versions", KEYS)

    async def get_version(self, request: Request) -> JSONResponse:
        found = _get(self.versions, request.path_params["version"], "PipelineVersion")
        if found["pipeline_id"] != request.path_params["id"]:
            raise Refused(404, "PipelineVersion belongs to another pipeline")
        return JSONResponse(found)

    def _add_pipeline(self, body: Entry) -> Entry:
        entry = self._named(body, self.pipelines, "Pipeline")
        entry |= {"pipeline_id": _new_id(), "name": body.get("name", body["display_name"])}
        self.pipelines[entry["pipeline_id"]] = entry
        return entry

    def _add_version(
        self, pipeline_id: str, name: str, content: bytes, documents: list[Entry]
    ) -> Entry:
        siblings = [one for one in self.versions.values() if one["pipeline_id"] == pipeline_id]
        if any(one["display_name"] == name for one in siblings):
            raise Refused(409, f"Failed to create a pipeline version: name {name} already exists")
        spec: Any = documents[0]
        if len(documents) > 1:
            spec = {"pipeline_spec": documents[0], "platform_spec": documents[1]}
        entry = {
            "pipeline_id": pipeline_id,
            "pipeline_version_id": _new_id(),
            "display_name": name,
            "name": name,
            "created_at": now(),
            "pipeline_spec": spec,
        }
        self.versions[entry["pipeline_version_id"]] = entry
        self.packages[entry["pipeline_version_id"]] = content
        return entry

    def _named(self, body: Entry, known: dict[str, Entry], what: str) -> Entry:
        name, namespace = body.get("display_name"), body.get("namespace")
        if not name:
            raise Refused(400, f"{what}'s name cannot be empty")
        if self.multi_user != bool(namespace):
            demanded = "must be set" if self.multi_user else "must be empty in single-user mode"
            raise Refused(400, f"Invalid input error: namespace {demanded}")
        if any(
            (e["display_name"], e.get("namespace")) == (name, namespace) for e in known.values()
        ):
            raise Refused(409, f"Already exist error: {what} {name} already exists")
        return {**body, "created_at": now()}

    def _visible(self, request: Request, known: dict[str, Entry]) -> list[Entry]:
        namespace = request.query_params.get("namespace")
        if namespace and not self.multi_user:
            raise Refused(400, "In single-user mode, the listing cannot be filtered by namespace")
        return [e for e in known.values() if namespace in (None, e.get("namespace"))]


def parse_package(content: bytes) -> list[Entry]:
    """Read a package as the backend does: the pipeline, then platform settings."""
    if len(content) > LONGEST_UPLOAD:
        raise Refused(413, "File size too large. Maximum supported size: 32MB")
    try:
        documents = [one for one in yaml.load_all(content, Loader=yaml.CSafeLoader) if one]
        json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
        for platform in documents[1:]:
            json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
    except (yaml.YAMLError, json_format.ParseError, IndexError) as error:
        raise Refused(400, f"Invalid pipeline spec: {error}") from error
    return documents


def _get(known: dict[str, Entry], identity: str, what: str) -> Entry:
    if identity not in known:
        message = f"Failed to get: ResourceNotFoundError: {what} {identity} not found."
        raise Refused(404, message)
    return known[identity]


def _new_id() -> str:
    return str(uuid.uuid4())
