"""Open Inference Protocol, version 2, with its binary tensor data.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
"""

import json
import math
import struct
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sightline.client.answers import ServerError
from sightline.client.connection import Connection, Question, Reply
from sightline.client.protocol import Model, Version, number
from sightline.ground.errors import shorten
from sightline.ground.wording import visible

HEADER_LENGTH = "Inference-Header-Content-Length"
ABSENT = (400, 404)
"""Triton says 400 where it has no such model."""


class InferenceProtocol:
    """One tensor of BYTES to a tensor for each part of the answer."""

    async def find(self, connection: Connection, name: str) -> Model | None:
        """Ask for the metadata of the model."""
        path = f"/v2/models/{quote(name, safe='')}"
        reply = await connection.ask(Question(path), is_first=True)
        if reply.status in ABSENT:
            return None
        document = reply.document()
        if reply.status != 200:
            raise reply.unexpected("the metadata of a model")
        try:
            inputs = {
                str(one["name"]): len(one["shape"])
                for one in document["inputs"]
                if one["datatype"] == "BYTES"
            }
            kinds = [f"{one['name']} ({one['datatype']})" for one in document["inputs"]]
            versions = [number(str(one)) for one in document.get("versions") or ()]
        except (LookupError, TypeError) as error:
            raise reply.unexpected("the inputs of a model") from error
        if not inputs:
            raise ServerError(
                f"{connection.address}: expected a model with an input of BYTES for image files, "
                f"received {visible(shorten(kinds))}. Ask a server of an exported bundle."
            )
        first = next(iter(inputs))
        newest = versions[-1] if versions else None
        return Model(name=name, version=newest, input=first, input_rank=inputs[first])

    def question(self, model: Model, images: Sequence[bytes]) -> Question:
        """Ask whichever version the server thinks best: its answer names it."""
        tensor = b"".join(struct.pack("<I", len(image)) + image for image in images)
        header = json.dumps(
            {
                "inputs": [
                    {
                        "name": model.input,
                        "shape": [len(images), *[1] * (model.input_rank - 1)],
                        "datatype": "BYTES",
                        "parameters": {"binary_data_size": len(tensor)},
                    }
                ],
                "parameters": {"binary_data_output": False},
            }
        ).encode("ascii")
        return Question(
            f"/v2/models/{quote(model.name, safe='')}/infer",
            header + tensor,
            {"content-type": "application/octet-stream", HEADER_LENGTH: str(len(header))},
        )

    def rows(self, document: dict[str, Any], count: int) -> list[Any]:
        tensors = {str(one["name"]): _cut(one, count) for one in document["outputs"]}
        return [{name: parts[index] for name, parts in tensors.items()} for index in range(count)]

    def version(self, reply: Reply, document: dict[str, Any], model: Model) -> Version:
        told = document.get("model_version")
        return number(told) if isinstance(told, str) and told else model.version


def _cut(tensor: dict[str, Any], count: int) -> list[Any]:
    """Return the part of each image: a value, or a list of them."""
    shape, values = tensor["shape"], _flat(tensor["data"])
    if shape[0] != count or math.prod(shape) != len(values):
        raise ValueError
    each = len(values) // count
    if each == 1:
        return values
    return [values[start : start + each] for start in range(0, len(values), each)]


def _flat(values: Any) -> list[Any]:
    """Return numbers in one list: they may come in lists of lists, too."""
    if not isinstance(values, list):
        raise TypeError
    if values and isinstance(values[0], list):
        return [one for part in values for one in _flat(part)]
    return values
