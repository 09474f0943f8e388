"""The loopback Operations service: work that goes on after its call was answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf import json_format
from google.rpc import status_pb2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.sightline.targets.vertex.simulation import NUMBER
from tests.sightline.targets.vertex.wire import Refused

PARENT = "/v1/projects/{project}/locations/{location}"


@dataclass
class Work:
    """What is still to be done for a resource, and after how many looks it is."""

    resource: str
    perform: Callable[[], Any]
    looks_left: int
    operation: operations_pb2.Operation
    failure: str = ""


@dataclass
class Operations:
    """Every operation by its id, in the order of creation."""

    looks: int = 2
    """How often an operation is looked at before it is done."""
    failures: list[tuple[str, str]] = field(default_factory=list)
    """Kinds of work that fail the next time, each with its message."""
    by_id: dict[str, Work] = field(default_factory=dict)

    def routes(self) -> list[Route]:
        return [
            Route(f"{PARENT}/operations/{{id}}", self.get, methods=["GET"]),
            *(
                route
                for kind in ("endpoints", "models")
                for route in (
                    Route(f"{PARENT}/{kind}/{{resource}}/operations", self.list, methods=["GET"]),
                    Route(f"{PARENT}/{kind}/{{resource}}/operations/{{id}}", self.get),
                )
            ),
        ]

    def begin(self, kind: str, resource: str, perform: Callable[[], Any]) -> JSONResponse:
        """Answer a call whose work begins: `resource` is such as `endpoints/flowers`."""
        number = str(len(self.by_id) + 1)
        name = f"projects/{NUMBER}/locations/europe-west4/{resource}/operations/{number}"
        work = Work(resource, perform, self.looks, operations_pb2.Operation(name=name))
        for failure in [one for one in self.failures if one[0] == kind]:
            self.failures.remove(failure)
            work.failure = failure[1]
        self.by_id[number] = work
        return _written(work.operation)

    def running(self, resource: str) -> bool:
        return any(
            work.resource == resource and not work.operation.done for work in self.by_id.values()
        )

    async def get(self, request: Request) -> Response:
        work = self.by_id.get(request.path_params["id"])
        if work is None:
            raise Refused(404, "NOT_FOUND", "The operation does not exist.")
        # Work may ask this very service, such as a container that brings its model.
        return _written(await asyncio.to_thread(self._looked_at, work))

    async def list(self, request: Request) -> Response:
        kind = request.url.path.split("/")[-3]
        resource = f"{kind}/{request.path_params['resource']}"
        found = [work for work in self.by_id.values() if work.resource == resource]
        seen = [await asyncio.to_thread(self._looked_at, work) for work in found]
        return JSONResponse({"operations": [json_format.MessageToDict(one) for one in seen]})

    def _looked_at(self, work: Work) -> operations_pb2.Operation:
        work.looks_left -= 1
        if work.operation.done or work.looks_left != 0:
            return work.operation  # or somebody else's look has come to it
        if work.failure:
            work.operation.error.CopyFrom(status_pb2.Status(code=8, message=work.failure))
            work.operation.done = True
            return work.operation
        try:
            answer = work.perform()
        except Refused as refusal:
            work.operation.error.CopyFrom(status_pb2.Status(code=9, message=refusal.message))
        except Exception as error:  # or whoever waits for it would wait for good
            work.operation.error.CopyFrom(status_pb2.Status(code=13, message=repr(error)))
        else:
            work.operation.response.Pack(type(answer).pb(answer))
        work.operation.done = True
        return work.operation


def _written(operation: operations_pb2.Operation) -> JSONResponse:
    return JSONResponse(json_format.MessageToDict(operation))
