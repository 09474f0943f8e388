"""Outputs of tasks in Kubeflow's metadata store, which its pages read, too: up to version 2.17.

For a task that was reused, the store names the artifacts of the very execution that it was reused
from.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from sightline.ground.run_account.account import NotTold, SeenArtifact, Web
from sightline.ground.run_account.metadata_messages import MESSAGES

SERVICE = "/ml_metadata.MetadataStoreService"
CONTENT_TYPE = "application/grpc-web+proto"
RUN_CONTEXT = "system.PipelineRun"
OUTPUT = 4
"""Kind of event that says which artifact a task made."""
WRAPPERS = ("list", "struct")
"""What Kubeflow puts around values that the store has no kind for."""
NOT_OURS = ("display_name", "store_session_info")
"""What Kubeflow adds to an artifact's own metadata."""
TRAILERS = 0x80
_FRAME = struct.Struct(">BI")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one task made, by the names of its ports."""

    parameters: Mapping[str, Any]
    artifacts: Mapping[str, SeenArtifact]


def read_outputs(web: Web, run_id: str) -> dict[str, Outputs] | None:
    """Return the outputs of each task of a run; None where there is no such store.

    Raises:
        NotTold: it did not answer, or with something else.
    """
    asked = MESSAGES["ContextRequest"](type_name=RUN_CONTEXT, context_name=run_id)
    found = _call(web, "GetContextByTypeAndName", asked, "ContextResponse")
    if found is None:
        return None
    if not found.context.id:
        return {}
    executions = {one.id: one for one in _executions(web, found.context.id)}
    made = _made(web, list(executions))
    outputs = {}
    # Of two executions of a task, such as attempts, the later one counts.
    for key in sorted(executions):
        properties = _properties(executions[key].custom_properties)
        parameters = properties.get("outputs")
        outputs[str(properties.get("task_name") or "")] = Outputs(
            parameters if isinstance(parameters, dict) else {}, made.get(key, {})
        )
    return outputs


def _executions(web: Web, context: int) -> Iterator[Any]:
    token = ""
    while True:
        asked = MESSAGES["ExecutionsRequest"](context_id=context)
        if token:
            asked.options.next_page_token = token
        page = _call(web, "GetExecutionsByContext", asked, "ExecutionsResponse")
        if page is None:
            return
        yield from page.executions
        token = page.next_page_token
        if not token:
            return


def _made(web: Web, executions: Sequence[int]) -> dict[int, dict[str, SeenArtifact]]:
    """Return what each execution made, by the names of its ports."""
    asked = MESSAGES["EventsRequest"](execution_ids=executions)
    found = _call(web, "GetEventsByExecutionIDs", asked, "EventsResponse") if executions else None
    events = [one for one in found.events if one.type == OUTPUT] if found else []
    wanted = sorted({one.artifact_id for one in events})
    asked = MESSAGES["ArtifactsRequest"](artifact_ids=wanted)
    listed = _call(web, "GetArtifactsByID", asked, "ArtifactsResponse") if wanted else None
    artifacts = {one.id: _artifact(one) for one in listed.artifacts} if listed else {}
    made: dict[int, dict[str, SeenArtifact]] = {}
    for event in events:
        name = next((step.key for step in event.path.steps if step.key), "")
        if name and event.artifact_id in artifacts:
            made.setdefault(event.execution_id, {})[name] = artifacts[event.artifact_id]
    return made


def _artifact(found: Any) -> SeenArtifact:
    metadata = _properties(found.custom_properties)
    return SeenArtifact(found.uri, {k: v for k, v in metadata.items() if k not in NOT_OURS})


def _properties(found: Any) -> dict[str, Any]:
    return {one.key: _value(one.value) for one in found}


def _value(value: Any) -> Any:
    kinds = ("string_value", "int_value", "double_value", "bool_value")
    for kind in kinds:
        if value.HasField(kind):
            return getattr(value, kind)
    inside = MessageToDict(value.struct_value)
    wrapped = len(inside) == 1 and next(iter(inside)) in WRAPPERS
    return next(iter(inside.values())) if wrapped else inside


def _call(web: Web, method: str, message: Any, answer: str) -> Any | None:
    """Ask as browsers do: the store's own protocol in an ordinary POST."""
    body = message.SerializeToString()
    framed = _FRAME.pack(0, len(body)) + body
    received = web.post(f"{SERVICE}/{method}", framed, CONTENT_TYPE)
    if received is None:
        return None
    try:
        return MESSAGES[answer].FromString(_unframed(received))
    except (DecodeError, struct.error) as error:
        raise NotTold("the metadata store answered with something else") from error


def _unframed(received: bytes) -> bytes:
    """Return the message in an answer; its trailers say whether it failed."""
    data, place = b"", 0
    while place < len(received):
        kind, size = _FRAME.unpack_from(received, place)
        content = received[place + _FRAME.size : place + _FRAME.size + size]
        if not kind & TRAILERS:
            data += content
        elif b"grpc-status:0" not in content.replace(b" ", b""):
            said = " ".join(content.decode("utf-8", "replace").split())
            raise NotTold(f"the metadata store refused: {said}")
        place += _FRAME.size + size
    return data
