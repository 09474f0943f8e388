"""The loopback ModelService: models of the registry, their versions and aliases."""

import re
from dataclasses import dataclass, field
from typing import Any

from google.cloud.aiplatform_v1 import (
    ListModelVersionsResponse,
    MergeVersionAliasesRequest,
    Model,
    UploadModelRequest,
    UploadModelResponse,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.sightline.targets.vertex import wire
from tests.sightline.targets.vertex.operations import PARENT, Operations
from tests.sightline.targets.vertex.simulation import NUMBER
from tests.sightline.targets.vertex.storage import Storage

MODEL_ID = re.compile(r"[a-z_][a-z0-9_-]{0,62}")
ALIAS = re.compile(r"[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]")
LABEL = re.compile(r"[a-z0-9_-]{0,63}")


@dataclass
class Models:
    """Versions of every model, by its id, in the order of upload."""

    operations: Operations
    storage: Storage
    by_id: dict[str, list[Any]] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        model = f"{PARENT}/models/{{id}}"
        return [
            Route(f"{PARENT}/models:upload", self.upload, methods=["POST"]),
            Route(f"{model}:listVersions", self.list_versions, methods=["GET"]),
            Route(f"{model}:mergeVersionAliases", self.merge_aliases, methods=["POST"]),
            Route(model, self.update, methods=["PATCH"]),
            Route(model, self.get, methods=["GET"]),
        ]

    def version(self, name: str) -> Any:
        """The version that a name such as `.../models/flowers@2` means."""
        model, _, wanted = name.rpartition("/")[2].partition("@")
        for version in self.by_id.get(model, []):
            if (wanted or "default") in (version.version_id, *version.version_aliases):
                return version
        raise wire.Refused(404, "NOT_FOUND", f"The Model {name} does not exist.")

    async def upload(self, request: Request) -> Response:
        asked = await wire.read(request, UploadModelRequest)
        parent = asked.parent_model.rpartition("/")[2]
        if bool(parent) == bool(asked.model_id):
            raise wire.invalid("Expected either parent_model or model_id.")
        if asked.model_id and not MODEL_ID.fullmatch(asked.model_id):
            raise wire.invalid(f"model_id: {asked.model_id!r} is not valid.")
        if parent and parent not in self.by_id:
            raise wire.Refused(404, "NOT_FOUND", f"The Model {parent} does not exist.")
        if asked.model_id in self.by_id:
            raise wire.Refused(409, "ALREADY_EXISTS", f"Model {asked.model_id} already exists.")
        self._check(asked.model)
        model = parent or asked.model_id
        return self.operations.begin(
            "upload", f"models/{model}", lambda: self._uploaded(model, asked.model)
        )

    def _check(self, model: Any) -> None:
        if not model.container_spec.image_uri:
            raise wire.invalid("container_spec.image_uri is required.")
        for key, value in model.labels.items():
            if not LABEL.fullmatch(key) or not LABEL.fullmatch(value):
                raise wire.invalid(f"labels: {key}={value} is not valid.")
        bucket, _, folder = model.artifact_uri.removeprefix("gs://").partition("/")
        if not any(name.startswith(f"{folder}/") for name in self.storage.bucket(bucket)):
            raise wire.Refused(400, "FAILED_PRECONDITION", f"{model.artifact_uri} holds no files.")

    def _uploaded(self, model: str, given: Any) -> UploadModelResponse:
        versions = self.by_id.setdefault(model, [])
        version = Model.pb(Model())
        version.CopyFrom(given)
        version.name = f"projects/{NUMBER}/locations/europe-west4/models/{model}"
        version.version_id = str(len(versions) + 1)
        if not versions:
            version.version_aliases.append("default")
        version.version_create_time.GetCurrentTime()
        versions.append(version)
        return UploadModelResponse(model=version.name, model_version_id=version.version_id)

    async def list_versions(self, request: Request) -> Response:
        wire.expect_query(request, "filter", "pageSize", "pageToken", "orderBy", "readMask")
        self.version(request.path_params["id"])
        answer = ListModelVersionsResponse.pb(ListModelVersionsResponse())
        condition = request.query_params.get("filter", "")
        found = [
            version
            for version in reversed(self.by_id[request.path_params["id"]])
            if wire.passes(
                condition, {f"labels.{key}": value for key, value in version.labels.items()}
            )
        ]
        shown, answer.next_page_token = wire.page(request, found)
        answer.models.extend(shown)
        return wire.write(request, answer)

    async def merge_aliases(self, request: Request) -> Response:
        asked = await wire.read(request, MergeVersionAliasesRequest)
        version = self.version(request.path_params["id"])
        for alias in asked.version_aliases:
            name = alias.removeprefix("-")
            if not ALIAS.fullmatch(name):
                raise wire.invalid(f"version_aliases: {alias!r} is not valid.")
            others = self.by_id[request.path_params["id"].partition("@")[0]]
            for one in [version] if alias.startswith("-") else others:
                if name in one.version_aliases:
                    one.version_aliases.remove(name)
            if not alias.startswith("-"):
                version.version_aliases.append(name)
        return wire.write(request, version)

    async def update(self, request: Request) -> Response:
        wire.expect_query(request, "updateMask")
        if request.query_params["updateMask"] != "labels":
            raise wire.invalid("Only labels can be updated here.")
        given = await wire.read(request, Model)
        version = self.version(request.path_params["id"])
        self._check(version)
        version.labels.clear()
        version.labels.update(given.labels)
        return wire.write(request, version)

    async def get(self, request: Request) -> Response:
        return wire.write(request, self.version(request.path_params["id"]))
