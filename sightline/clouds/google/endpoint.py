"""An endpoint of Vertex AI: who answers there, with what share of the requests."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sightline.clouds.google.model_versions import resource_id
from sightline.clouds.google.vertex import Vertex
from sightline.ground.errors import UserError

ATTEMPTS = 5
"""To write against what was read, while something else of the endpoint changes."""
MADE_BY = {"made-by": "sightline"}
"""Label of endpoints that are ours to remove."""
Row = Mapping[str, Any]
"""An answer as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """What a deployed model runs on; another size is another deployment of the same version."""

    machine: str
    accelerator: str
    accelerator_count: int
    min_replicas: int
    max_replicas: int
    service_account: str

    def one(self) -> "Machines":
        """Return the same with one machine."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Machines(**{**fields, "min_replicas": 1, "max_replicas": 1})

    def __str__(self) -> str:
        """Say it in a few words."""
        several = f"{self.min_replicas} to {self.max_replicas}"
        number = str(self.min_replicas) if self.min_replicas == self.max_replicas else several
        extra = f" with {self.accelerator_count} {self.accelerator}" if self.accelerator else ""
        return f"{number} of {self.machine}{extra}"

    def resources(self) -> dict[str, Any]:
        """Return what the service calls dedicated resources."""
        spec: dict[str, Any] = {"machine_type": self.machine}
        if self.accelerator:
            spec["accelerator_type"] = self.accelerator
            spec["accelerator_count"] = self.accelerator_count
        return {
            "machine_spec": spec,
            "min_replica_count": self.min_replicas,
            "max_replica_count": self.max_replicas,
        }


def deployed_id(digest: str, image: str, machines: Machines) -> str:
    """Return the id of a bundle on such machines, so that it is never deployed twice."""
    parts = [digest, image, [getattr(machines, name) for name in machines.__dataclass_fields__]]
    number = int(hashlib.sha256(json.dumps(parts).encode()).hexdigest(), 16)
    return str(10**9 + number % (9 * 10**9))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A version that has machines at an endpoint."""

    id: str
    title: str
    """Its name for people, with the version's number in the model folder."""
    model: str
    """Id of the model that it is a version of."""
    version: int
    """Its number in the Model Registry."""
    share: int
    """Percent of the requests."""
    since: str


class Endpoint:
    """One endpoint, by its id or its display name."""

    def __init__(self, vertex: Vertex, name: str) -> None:
        """Know it by name; nothing is asked yet."""
        self._vertex = vertex
        self.name = name
        self._resource = ""

    @property
    def resource(self) -> str:
        """Its resource: one of this id or display name, else what it will be called."""
        if not self._resource:
            own = f"{self._vertex.at.parent}/endpoints/{resource_id(self.name)}"
            if self.name.isascii() and self.name.isdigit():
                own = f"{self._vertex.at.parent}/endpoints/{self.name}"
            found = self._read(own)
            self._resource = own if found is not None else self._named() or own
        return self._resource

    def _named(self) -> str:
        quoted = json.dumps(self.name, ensure_ascii=False)
        listed = self._vertex.ask(
            "look for the endpoint",
            lambda: list(
                self._vertex.call(
                    self._vertex.endpoints.list_endpoints,
                    parent=self._vertex.at.parent,
                    filter=f"display_name={quoted}",
                )
            ),
        )
        if len(listed) > 1:
            ids = ", ".join(one.name.rpartition("/")[2] for one in listed)
            raise self._vertex.problem(
                f"expected one endpoint named {self.name}; there are {len(listed)} ({ids}). "
                f"Give the id of one as {self._vertex.at.setting('endpoint')}."
            )
        return str(listed[0].name) if listed else ""

    @property
    def console(self) -> str:
        """Return its page in the console."""
        id_, at = self.resource.rpartition("/")[2], self._vertex.at
        return (
            "https://console.cloud.google.com/vertex-ai/online-prediction/locations/"
            f"{at.location}/endpoints/{id_}?project={at.project}"
        )

    @property
    def ask_command(self) -> str:
        """Return the command that a person asks it with."""
        id_, at = self.resource.rpartition("/")[2], self._vertex.at
        return (
            f"gcloud ai endpoints predict {id_} --project {at.project} --region {at.location} "
            "--json-request request.json"
        )

    def read(self) -> Any | None:
        """Return what the service says of it; None where it is not there."""
        return self._read(self.resource)

    def _read(self, resource: str) -> Any | None:
        vertex = self._vertex
        return vertex.get("read the endpoint", vertex.endpoints.get_endpoint, name=resource)

    def deployed(self) -> list[Deployed]:
        """Return who has machines here, the one with the largest share first."""
        found = self.read()
        if found is None:
            return []
        split: Mapping[str, int] = dict(found.traffic_split)
        listed = [
            Deployed(
                id=one.id,
                title=one.display_name.replace("-", " "),
                model=one.model.rpartition("/")[2].partition("@")[0],
                version=int(one.model_version_id or 0),
                share=split.get(one.id, 0),
                since=one.create_time.isoformat() if one.create_time else "",
            )
            for one in found.deployed_models
        ]
        return sorted(listed, key=lambda one: -one.share)

    def ensure(self, key: str = "") -> None:
        """Make it, unless it is there."""
        endpoint: dict[str, Any] = {"display_name": self.name, "labels": MADE_BY}
        if key:
            endpoint["encryption_spec"] = {"kms_key_name": key}
        self._vertex.once(
            f"make endpoint {self.name}",
            self.resource,
            self.read,
            lambda: self._vertex.call(
                self._vertex.endpoints.create_endpoint,
                parent=self._vertex.at.parent,
                endpoint=endpoint,
                endpoint_id=self.resource.rpartition("/")[2],
            ),
        )

    def deploy(self, id_: str, model_version: str, title: str, machines: Machines) -> None:
        """Start machines for a version, without traffic, unless they run."""
        model: dict[str, Any] = {
            "id": id_,
            "model": model_version,
            "display_name": title,
            "dedicated_resources": machines.resources(),
        }
        if machines.service_account:
            model["service_account"] = machines.service_account
        self._vertex.once(
            f"start {machines} for {title}",
            self.resource,
            lambda: next((one for one in self.deployed() if one.id == id_), None),
            lambda: self._vertex.call(
                self._vertex.endpoints.deploy_model,
                endpoint=self.resource,
                deployed_model=model,
            ),
        )

    def split(self, shares: Mapping[str, int]) -> None:
        """Give each of these its percent of the requests; all others get none.

        What was read is written against: whoever moves the traffic at the same time is not undone.

        Raises:
            UserError: somebody did.
        """
        wanted = {id_: share for id_, share in shares.items() if share}
        seen: list[dict[str, int]] = []

        def attempt() -> None:
            from google.api_core.exceptions import Conflict

            for _ in range(ATTEMPTS):
                found = self.read()
                now = dict(found.traffic_split) if found else {}
                if now == wanted:
                    return
                seen.append(now)
                if now != seen[0]:
                    break
                with suppress(Conflict):
                    self._write_split(wanted, found.etag if found else "")
                    return
            raise self._vertex.problem(
                f"expected to move the traffic of endpoint {self.name} alone; somebody else did so "
                f"at the same time ({seen[-1]} by deployed model). See {self.console} and repeat "
                "the command."
            )

        self._vertex.ask(f"move the traffic of endpoint {self.name}", attempt)

    def _write_split(self, wanted: Mapping[str, int], etag: str) -> None:
        self._vertex.call(
            self._vertex.endpoints.update_endpoint,
            endpoint={
                "name": self.resource,
                "display_name": self.name,
                "traffic_split": dict(wanted),
                "etag": etag,
            },
            update_mask={"paths": ["traffic_split"]},
        )

    def stop(self, id_: str) -> None:
        """End the machines of one that gets no requests, unless they are gone."""
        self._vertex.once(
            f"stop the machines of {id_}",
            self.resource,
            lambda: None if any(one.id == id_ for one in self.deployed()) else True,
            lambda: self._vertex.call(
                self._vertex.endpoints.undeploy_model,
                endpoint=self.resource,
                deployed_model_id=id_,
            ),
        )

    def delete(self) -> None:
        """Stop everything here and remove the endpoint, unless it is gone.

        Raises:
            UserError: somebody else made it.
        """
        found = self.read()
        if found is None:
            return
        if not MADE_BY.items() <= dict(found.labels).items():
            raise self._vertex.problem(
                f"expected an endpoint that Sightline made, received another: {self.name}. "
                f"Remove it, or its models, by hand: {self.console}"
            )
        self.split({})
        for one in self.deployed():
            self.stop(one.id)
        self._vertex.once(
            f"remove endpoint {self.name}",
            self.resource,
            lambda: True if self.read() is None else None,
            lambda: self._vertex.call(self._vertex.endpoints.delete_endpoint, name=self.resource),
        )

    def ask(self, image: bytes) -> tuple[str, Row] | None:
        """Have it answer one image, once; return who did, too. None where a quota is full.

        Raises:
            UserError: there is no answer.
        """
        from google.api_core.exceptions import TooManyRequests

        with self._vertex.clear_errors(f"ask endpoint {self.name}"):
            try:
                return self._predict(image)
            except TooManyRequests:
                return None

    def ask_patiently(self, image: bytes) -> Row:
        """Have it answer one image, and ask again while it is busy.

        Raises:
            UserError: there is no answer.
        """
        return self._vertex.ask(f"ask endpoint {self.name}", lambda: self._predict(image)[1])

    def _predict(self, image: bytes) -> tuple[str, Row]:
        import base64

        from google.cloud.aiplatform_v1 import PredictRequest
        from google.protobuf import json_format, struct_pb2

        encoded = base64.b64encode(image).decode("ascii")
        request = PredictRequest(endpoint=self.resource)
        request.instances.append(json_format.ParseDict({"b64": encoded}, struct_pb2.Value()))
        seconds = self._vertex.patience.answer_seconds
        client = self._vertex.predictions
        answer = client.predict(request=request, retry=None, timeout=seconds)
        rows = json_format.MessageToDict(type(answer).pb(answer)).get("predictions", [])
        if len(rows) != 1 or not isinstance(rows[0], dict):
            raise UserError(
                f"endpoint {self.name}: expected the answer to one image, received "
                f"{str(rows)[:200]}. Use the serving image of this version of Sightline."
            )
        return answer.deployed_model_id, _with_integers(rows[0])


def _with_integers(value: Any) -> Any:
    """Return JSON with its whole numbers: protobuf's values know none."""
    if isinstance(value, dict):
        return {name: _with_integers(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_with_integers(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
