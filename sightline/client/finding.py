"""Find the model that a server shall be asked about, and the protocol that the server speaks."""

import json
from dataclasses import replace
from typing import Any, Literal, get_args

from sightline.client.answers import ServerError
from sightline.client.connection import Connection, LateError, Question
from sightline.client.inference_protocol import InferenceProtocol
from sightline.client.protocol import Dialect, Model
from sightline.client.tensorflow_serving import TensorFlowServing
from sightline.ground.errors import shorten
from sightline.ground.problems import FIRST_KIND
from sightline.ground.wording import visible

ProtocolName = Literal["auto", "tensorflow-serving", "v2"]
DIALECTS: dict[str, Dialect] = {
    "tensorflow-serving": TensorFlowServing(),
    "v2": InferenceProtocol(),
}
LISTS = (Question("/v1/config"), Question("/v2/repository/index", b"{}"))
"""Where OpenVINO Model Server and Triton list their models; the protocols themselves do not."""


async def find_model(
    connection: Connection, name: str | None, protocol: str
) -> tuple[Dialect, Model]:
    """Return a model and how to ask for it.

    Raises:
        ServerError: the server has no such model, or speaks neither protocol.
    """
    if protocol not in get_args(ProtocolName):
        raise ServerError(
            f"Expected a protocol ({', '.join(get_args(ProtocolName))}), received {protocol!r}."
        )
    names = list(DIALECTS) if protocol == "auto" else [protocol]
    try:
        told = await _own_model(connection) if name is None else None
        for one in names:
            dialect = DIALECTS[one]
            model = await dialect.find(connection, told.name if told else name or "")
            if model is not None:
                return dialect, _with_own(model, told)
        raise await _unknown(connection, told.name if told else name or "", names)
    except LateError as error:
        raise ServerError(f"{connection.address}: {error}. Check the address.") from error


async def _own_model(connection: Connection) -> Model:
    """Return the model that a server of Sightline tells of, who needs no name."""
    reply = await connection.ask(Question("/healthz"), is_first=True)
    if reply.status == 200:
        document = reply.document()
        name, classes = document.get("model"), document.get("classes", [])
        kind = document.get("problem", FIRST_KIND)
        if isinstance(name, str) and isinstance(kind, str) and isinstance(classes, list):
            return Model(name=name, kind=kind, classes=tuple(map(str, classes)))
    raise ServerError(
        f"{connection.address}: expected a Sightline server that tells its model; received "
        f"status {reply.status}: {reply.text()}. Name the model with --name"
        f"{await _offer(connection)}."
    )


def _with_own(model: Model, told: Model | None) -> Model:
    return replace(model, kind=told.kind, classes=told.classes) if told else model


async def _unknown(connection: Connection, name: str, protocols: list[str]) -> ServerError:
    return ServerError(
        f"{connection.address}: expected a model {visible(name)!r} of {' or '.join(protocols)}; "
        f"the server has none. Name another one with --name{await _offer(connection)}."
    )


async def _offer(connection: Connection) -> str:
    """Say which names there are to try."""
    for question in LISTS:
        try:
            reply = await connection.ask(question, is_first=True)
        except (ServerError, LateError):
            continue
        if reply.status == 200 and (names := _names_in(reply.body)):
            return f": the server lists {visible(shorten(names))}"
    return (
        ", as the server was started with: TensorFlow Serving has it in --model_name ('default' "
        "unless given) or in its model config, Sightline in export.model_name"
    )


def _names_in(body: bytes) -> list[str]:
    try:
        listed: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(listed, dict):
        return [
            str(name)
            for name, status in listed.items()
            if isinstance(status, dict) and "model_version_status" in status
        ]
    if isinstance(listed, list):
        return [str(one["name"]) for one in listed if isinstance(one, dict) and "name" in one]
    return []
