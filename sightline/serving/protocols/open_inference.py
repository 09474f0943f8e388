"""The Open Inference Protocol, version 2, as KServe and Triton's clients speak it.

https://github.com/kserve/open-inference-protocol, with the extension for binary tensors.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sightline.ground.models.signatures import CLASS_INDICES, CLASS_NAMES, FILES, KEY
from sightline.serving.protocols.base64_text import TextError, unescape
from sightline.serving.protocols.protocol import (
    MAX_IMAGES,
    PARAMETERS,
    Answered,
    Asked,
    Protocol,
    RequestError,
    json_reply,
    named_keys,
    number_of_best,
    parse_object,
    shown,
)
from sightline.serving.wire import Reply

HEADER_LENGTH = "inference-header-content-length"
SIZE = struct.Struct("<I")
EXAMPLE = (
    f'{{"inputs": [{{"name": "{FILES}", "shape": [1], "datatype": "BYTES", "data": ["<base64 of an '
    'image file>"]}]}'
)


Input = tuple[Mapping[str, Any], bytes | None]
"""A tensor, and its data where that is not in the JSON."""
FIXED = {CLASS_NAMES: "BYTES", CLASS_INDICES: "INT64"}
"""Parts of an answer with several values that are no numbers to measure, as many in each."""


class OpenInference(Protocol):
    """Images as BYTES, in base64 or binary; answers as tensors, in JSON or binary."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Asked:
        size = header_length(headers, len(body))
        document, binary = parse_object(body[:size], EXAMPLE), body[size:]
        tensors = input_tensors(document, binary)
        tensor, rest = tensors[FILES]
        images = images_of(tensor, rest)
        shape = tensor.get("shape")
        count = len(images)
        if shape not in ([count], [count, 1]) or not 0 < count <= MAX_IMAGES:
            raise RequestError(
                400,
                f"Expected 1 to {MAX_IMAGES} images and their number as shape, received {count:,} "
                f"with shape {shown(shape)}.",
            )
        keys = named_keys(keys_of(*tensors[KEY]), count) if KEY in tensors else None
        best = number_of_best(document.get(PARAMETERS))
        return Asked(images=images, keys=keys, best=best, form=document)

    def write(self, asked: Asked, answered: Answered) -> Reply:
        rows, document = answered.rows, asked.form
        tensors = {name: tensor_of(name, [row[name] for row in rows]) for name in rows[0]}
        wanted = wanted_outputs(document, list(tensors))
        described, binary = [], b""
        for name, is_binary in wanted.items():
            tensor = tensors[name]
            if is_binary:
                content = as_binary(tensor)
                binary += content
                del tensor["data"]
                tensor["parameters"] = {"binary_data_size": len(content)}
            described.append(tensor)
        head: dict[str, Any] = {
            "model_name": answered.model_name,
            "model_version": str(answered.version),
            "outputs": described,
        }
        if isinstance(document.get("id"), str):
            head["id"] = document["id"]
        reply = json_reply(head)
        if not binary:
            return reply
        length = {HEADER_LENGTH: str(len(reply.body)), "content-type": "application/octet-stream"}
        return Reply(headers=length, body=reply.body + binary)


def header_length(headers: Mapping[str, str], size: int) -> int:
    """Return where the JSON of a body ends.

    Raises:
        RequestError: beyond its end, or the header holds no number.
    """
    text = headers.get(HEADER_LENGTH, str(size))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= size):
        raise RequestError(
            400, f"Expected {HEADER_LENGTH} of at most {size:,} bytes, received {text[:60]!r}."
        )
    return int(text)


def input_tensors(document: dict[str, Any], binary: bytes) -> dict[str, Input]:
    """Return the tensor that holds the images and, where there is one, that of their keys.

    Each with its own part of what follows the JSON.

    Raises:
        RequestError: there are no images, a tensor is of another type, or binary parts are others
            than the tensors say.
    """
    inputs = document.get("inputs")
    tensors = [one for one in inputs if isinstance(one, dict)] if isinstance(inputs, list) else []
    parts = binary_parts(tensors, binary)
    found: dict[str, Input] = {}
    for tensor, part in zip(tensors, parts, strict=True):
        name = tensor.get("name")
        if name not in (FILES, KEY):
            continue
        if name in found:
            raise RequestError(400, f"Expected one input {name!r}, received several.")
        if tensor.get("datatype") != "BYTES":
            raise RequestError(
                400, f"Expected datatype BYTES, received {shown(tensor.get('datatype'))}."
            )
        found[str(name)] = tensor, part
    if FILES not in found:
        names = [one.get("name") for one in tensors][:5]
        raise RequestError(
            400, f"Expected the one input {FILES!r}, received {shown(names)}. Send {EXAMPLE}."
        )
    return found


def binary_parts(tensors: Sequence[Mapping[str, Any]], binary: bytes) -> list[bytes | None]:
    """Return what follows the JSON of each tensor, in their order; None where it is in the JSON.

    Raises:
        RequestError: there is more or less than they say.
    """
    parts: list[bytes | None] = []
    place = 0
    for tensor in tensors:
        parameters = tensor.get("parameters")
        size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
        if size is None:
            parts.append(None)
            continue
        is_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
        if not is_size or place + size > len(binary):
            raise RequestError(
                400, f"Expected {shown(size)} bytes after the JSON, received {len(binary):,}."
            )
        parts.append(binary[place : place + size])
        place += size
    if place != len(binary):
        raise RequestError(
            400, f"Expected {place:,} bytes after the JSON, received {len(binary):,}."
        )
    return parts


def images_of(tensor: Mapping[str, Any], binary: bytes | None) -> list[bytes]:
    """Return the images of a tensor.

    Raises:
        RequestError: it holds others than it says.
    """
    if binary is not None:
        return elements(binary)
    images = []
    for index, text in enumerate(texts_of(tensor, "base64")):
        try:
            images.append(unescape(text))
        except TextError as error:
            raise RequestError(
                400, f"image {index}: {error}.".replace(" after 'b64'", "")
            ) from error
    return images


def keys_of(tensor: Mapping[str, Any], binary: bytes | None) -> list[str]:
    """Return what a client calls its images.

    Raises:
        RequestError: it is no text.
    """
    if binary is None:
        return texts_of(tensor, "text")
    try:
        return [key.decode() for key in elements(binary)]
    except UnicodeDecodeError as error:
        raise RequestError(400, f"Expected {KEY!r} in UTF-8, received other bytes.") from error


def texts_of(tensor: Mapping[str, Any], what: str) -> list[str]:
    """Return the data of a tensor in JSON."""
    data = tensor.get("data")
    if not isinstance(data, list) or not all(isinstance(one, str) for one in data):
        raise RequestError(400, f"Expected 'data' to be a list of {what}, received {shown(data)}.")
    return data


def elements(binary: bytes) -> list[bytes]:
    """Return the elements of a binary BYTES tensor: each after its length.

    Raises:
        RequestError: they do not fill it.
    """
    found: list[bytes] = []
    place = 0
    while place < len(binary):
        start = place + SIZE.size
        length = SIZE.unpack_from(binary, place)[0] if start <= len(binary) else len(binary)
        if start + length > len(binary):
            raise RequestError(
                400, f"Expected image {len(found)} to end within its tensor, received less."
            )
        found.append(binary[start : start + length])
        place = start + length
    return found


def wanted_outputs(document: dict[str, Any], names: Sequence[str]) -> dict[str, bool]:
    """Return which outputs are asked for, and whether in binary.

    Raises:
        RequestError: one does not exist.
    """
    all_binary = _flag(document, "binary_data_output")
    outputs = document.get("outputs")
    if not isinstance(outputs, list) or not outputs:
        return dict.fromkeys(names, all_binary)
    wanted = {}
    for output in outputs:
        name = output.get("name") if isinstance(output, dict) else output
        if name not in names:
            raise RequestError(
                400, f"Expected outputs of {', '.join(names)}; received {shown(name)}."
            )
        wanted[str(name)] = _flag(output, "binary_data", all_binary)
    return wanted


def _flag(content: Mapping[str, Any], name: str, otherwise: bool = False) -> bool:
    parameters = content.get("parameters")
    value = parameters.get(name, otherwise) if isinstance(parameters, dict) else otherwise
    return value is True


def tensor_of(name: str, values: list[Any]) -> dict[str, Any]:
    """Return a tensor of what the rows say under one name; what is no tensor becomes JSON text."""
    if name in FIXED:
        shape = [len(values), len(values[0])]
        data = [one for value in values for one in value]
        return {"name": name, "shape": shape, "datatype": FIXED[name], "data": data}
    if all(isinstance(value, str) for value in values):
        return {"name": name, "shape": [len(values)], "datatype": "BYTES", "data": values}
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return {"name": name, "shape": [len(values)], "datatype": "INT64", "data": values}
    try:
        array = np.array(values, dtype=np.float32)
    except (TypeError, ValueError):  # as many boxes in each image as there are
        texts = [json.dumps(value) for value in values]
        return {"name": name, "shape": [len(values)], "datatype": "BYTES", "data": texts}
    data = array.ravel().tolist()
    return {"name": name, "shape": list(array.shape), "datatype": "FP32", "data": data}


def as_binary(tensor: dict[str, Any]) -> bytes:
    """Return the data of a tensor as the extension has it."""
    kind, data = tensor["datatype"], tensor["data"]
    if kind == "BYTES":
        texts = [text.encode() for text in data]
        return b"".join(SIZE.pack(len(text)) + text for text in texts)
    return np.array(data, dtype="<f4" if kind == "FP32" else "<i8").tobytes()
