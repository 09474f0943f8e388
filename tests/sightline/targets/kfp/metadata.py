"""The metadata store of the loopback Kubeflow, as browsers ask it: protocol buffers in a POST.

Written out by hand, since the product reads them with definitions of its own.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SERVICE = "/ml_metadata.MetadataStoreService"
CONTENT_TYPE = "application/grpc-web+proto"
STATES = {"RUNNING": 2, "COMPLETE": 3, "FAILED": 4, "CACHED": 5}
INPUT, OUTPUT = 3, 4


@dataclass
class Execution:
    """One attempt of a task, and what it made."""

    run: str
    task: str
    state: str = "RUNNING"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    artifacts: dict[str, int] = field(default_factory=dict)
    """Artifact by port."""


@dataclass
class MetadataStore:
    """Executions and artifacts of all runs; positions are ids, counted from 1."""

    executions: list[Execution] = field(default_factory=list)
    artifacts: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    there: bool = True
    """Whether this version has a metadata store."""
    refuses: str = ""
    """What it answers with instead, if it fails."""

    def routes(self) -> list[Route]:
        return [Route(f"{SERVICE}/{{method}}", self.answer, methods=["POST"])]

    def begin(self, run: str, task: str) -> None:
        """A task's driver makes its execution."""
        self.executions.append(Execution(run, task))

    def end(
        self,
        run: str,
        task: str,
        *,
        state: str,
        parameters: Mapping[str, Any],
        artifacts: Mapping[str, tuple[str, Mapping[str, Any]]],
    ) -> None:
        """A task's launcher publishes its outputs."""
        found = self.newest(run, task)
        found.state, found.parameters = state, parameters
        for port, artifact in artifacts.items():
            self.artifacts.append(artifact)
            found.artifacts[port] = len(self.artifacts)

    def reuse(self, run: str, task: str) -> None:
        """A task's driver publishes the outputs of an earlier execution as those of this one."""
        same = [one for one in self.executions if one.task == task and one.state == "COMPLETE"]
        found = self.newest(run, task)
        found.state = "CACHED"
        if same:
            found.parameters, found.artifacts = same[-1].parameters, same[-1].artifacts

    async def answer(self, request: Request) -> Response:
        if not self.there:
            return Response(status_code=404)
        if self.refuses:
            trailers = f"grpc-status:13\r\ngrpc-message:{self.refuses}\r\n".encode()
            return Response(framed(0x80, trailers), media_type=CONTENT_TYPE)
        message = dict_of((await request.body())[5:])
        data = getattr(self, f"_{request.path_params['method']}")(message)
        return Response(
            framed(0, data) + framed(0x80, b"grpc-status:0\r\n"), media_type=CONTENT_TYPE
        )

    def newest(self, run: str, task: str) -> Execution:
        return [one for one in self.executions if (one.run, one.task) == (run, task)][-1]

    def _GetContextByTypeAndName(self, asked: dict[int, list[Any]]) -> bytes:
        assert asked[1] == [b"system.PipelineRun"]
        runs = list(dict.fromkeys(one.run for one in self.executions))
        run = asked[2][0].decode()
        return delimited(1, number(1, runs.index(run) + 1)) if run in runs else b""

    def _GetExecutionsByContext(self, asked: dict[int, list[Any]]) -> bytes:
        runs = list(dict.fromkeys(one.run for one in self.executions))
        run = runs[asked[1][0] - 1]
        found = [(key, one) for key, one in enumerate(self.executions, 1) if one.run == run]
        return b"".join(delimited(1, self._execution(key, one)) for key, one in found)

    def _GetEventsByExecutionIDs(self, asked: dict[int, list[Any]]) -> bytes:
        events = [
            number(1, artifact) + number(2, key) + delimited(3, delimited(1, text(2, port)))
            + number(4, kind)
            for key in asked.get(1, [])
            for port, artifact in self.executions[key - 1].artifacts.items()
            for kind in (INPUT, OUTPUT)
            if kind == OUTPUT or port == "dataset"
        ]  # fmt: skip
        return b"".join(delimited(1, event) for event in events)

    def _GetArtifactsByID(self, asked: dict[int, list[Any]]) -> bytes:
        return b"".join(
            delimited(1, number(1, key) + text(3, self.artifacts[key - 1][0])
                      + properties({**self.artifacts[key - 1][1], "display_name": "x"}))
            for key in asked.get(1, [])
        )  # fmt: skip

    def _execution(self, key: int, one: Execution) -> bytes:
        told = {"task_name": one.task, "display_name": one.task, "outputs": dict(one.parameters)}
        return number(1, key) + number(3, STATES[one.state]) + properties(told)


def properties(values: Mapping[str, Any]) -> bytes:
    """Custom properties as Kubeflow writes them: lists and mappings inside another mapping."""
    return b"".join(delimited(5, text(1, key) + delimited(2, value(key, one)))
                    for key, one in values.items())  # fmt: skip


def value(key: str, one: Any) -> bytes:
    """A property's value."""
    if isinstance(one, bool):
        return number(1, int(one))
    if isinstance(one, int | float):
        return varint(2 << 3 | 1) + struct.pack("<d", one)
    if isinstance(one, str):
        return text(3, one)
    inside = Struct()
    kind = "list" if isinstance(one, list) else "struct"
    inside.update(one if key == "outputs" else {kind: one})
    return delimited(4, inside.SerializeToString())


def framed(kind: int, content: bytes) -> bytes:
    """A part of an answer with its kind and length."""
    return struct.pack(">BI", kind, len(content)) + content


def varint(size: int) -> bytes:
    """A whole number, seven bits at a time."""
    found = b""
    while size > 0x7F:
        found += bytes([size & 0x7F | 0x80])
        size >>= 7
    return found + bytes([size])


def number(key: int, one: int) -> bytes:
    """A field with a whole number."""
    return varint(key << 3) + varint(one)


def text(key: int, one: str) -> bytes:
    """A field with a text."""
    return delimited(key, one.encode())


def delimited(key: int, content: bytes) -> bytes:
    """A field with a text or a message."""
    return varint(key << 3 | 2) + varint(len(content)) + content


def dict_of(message: bytes) -> dict[int, list[Any]]:
    """The fields of a request: whole numbers and texts."""
    found: dict[int, list[Any]] = {}
    for key, one in _fields(message):
        found.setdefault(key, []).append(one)
    return found


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    place = 0

    def whole() -> int:
        nonlocal place
        size, shift = 0, 0
        while True:
            byte = message[place]
            place, size, shift = place + 1, size | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return size

    while place < len(message):
        tag = whole()
        one: Any = whole()
        if tag & 7 == 2:
            one, place = message[place : place + one], place + one
        yield tag >> 3, one
