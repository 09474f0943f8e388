"""Random requests to every call of an OpenAPI document: most of them almost right."""

import base64
import gzip
import json
import struct
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.sightline.serving.served import grey

STRANGE = ("", " ", "..", "%00", "%2e%2e%2f", "\u00e9", "x" * 300, "-1", "9" * 25, "live", "a:b")
JUNK = (None, True, -1, 2**70, 1e400, "", "\ud800", "\x00", [], {}, [[]], {"b64": 7}, "x" * 1000)
IMAGES = tuple(grey(level, kind) for level in (0, 255) for kind in ("PNG", "JPEG", "GIF", "WEBP"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it is sent."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def calls(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Method and path of every operation."""
    return [(method, path) for path, item in document["paths"].items() for method in item]


def random_request(document: Mapping[str, Any], chance: Random) -> Asked:
    """A request to one of the operations."""
    method, path = chance.choice(calls(document))
    described = document["paths"][path][method]
    for parameter in described.get("parameters", ()):
        path = path.replace(f"{{{parameter['name']}}}", _value(parameter, chance))
    if chance.random() < 0.1:
        path += chance.choice(("/", "//", "?x=1", ":predict", "/%ff", "/../.."))
    if chance.random() < 0.05:
        method = chance.choice(("put", "delete", "head", "options", "patch", "brew", "get", "post"))
    content = described.get("requestBody", {}).get("content")
    if not content:
        return Asked(method=method.upper(), path=path)
    kind = chance.choice(sorted(content))
    body, headers = random_body(kind, path, chance)
    return Asked(method=method.upper(), path=path, body=body, headers=headers)


def _value(parameter: Mapping[str, Any], chance: Random) -> str:
    if chance.random() < 0.15:
        return chance.choice(STRANGE).encode("utf-8").decode("latin-1")
    schema = parameter["schema"]
    if "enum" in schema:
        return str(chance.choice(schema["enum"]))
    return str(parameter.get("example", chance.choice((1, 2, 3, 2**63 - 1))))


def random_body(kind: str, path: str, chance: Random) -> tuple[bytes, dict[str, str]]:
    """A body of a kind of content, and the headers that belong to it."""
    headers = {"content-type": kind}
    if kind == "application/json":
        content = _infer(chance) if "infer" in path else _instances(chance)
        for _ in range(chance.choice((0, 0, 0, 1, 2))):
            content = _damaged_json(content, chance)
        body = json.dumps(content).encode()
    elif kind == "multipart/form-data":
        headers["content-type"] = "multipart/form-data; boundary=b"
        parts = [b"--b\r\ncontent-disposition: form-data; name=file\r\n\r\n%s\r\n"] * 2
        body = b"".join(part % image(chance) for part in parts) + b"--b--\r\n"
    elif "infer" in path:
        body, headers = _binary(chance, headers)
    else:
        body = image(chance)
    if chance.random() < 0.1:
        body = _damaged(body, chance)
    if chance.random() < 0.1:
        headers["content-encoding"] = chance.choice(("gzip", "deflate", "identity"))
        body = gzip.compress(body) if chance.random() < 0.7 else body
    if chance.random() < 0.1:
        headers["accept-encoding"] = chance.choice(("gzip", "gzip;q=0", "*", ";;,"))
    if chance.random() < 0.05:
        headers["content-type"] = chance.choice(
            ("text/plain", "multipart/form-data", "a/b; c=\xe9")
        )
    return body, headers


def image(chance: Random) -> bytes:
    """A small image file, which may be damaged."""
    found = chance.choice(IMAGES)
    return _damaged(found, chance) if chance.random() < 0.3 else found


def _damaged(data: bytes, chance: Random) -> bytes:
    if not data:
        return b"\0"
    place = chance.randrange(len(data))
    return chance.choice(
        (data[:place], data[:place] + chance.randbytes(3) + data[place + 3 :], data + data, b"")
    )


def _text(chance: Random) -> str:
    return base64.b64encode(image(chance)).decode()


def _instances(chance: Random) -> Any:
    rows = [{"b64": _text(chance)} for _ in range(chance.choice((1, 1, 2, 5)))]
    key = chance.choice(("instances", "inputs"))
    return {key: rows, **({"signature_name": "serving_default"} if chance.random() < 0.2 else {})}


def _infer(chance: Random) -> Any:
    data = [_text(chance) for _ in range(chance.choice((1, 1, 3)))]
    tensor = {"name": "image_bytes", "shape": [len(data)], "datatype": "BYTES", "data": data}
    return {
        "id": "7",
        "inputs": [tensor],
        "parameters": {"binary_data_output": chance.random() < 0.3},
    }


def _binary(chance: Random, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    content = image(chance)
    raw = struct.pack("<I", len(content)) + content
    tensor = {
        "name": "image_bytes",
        "shape": [1],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(raw) + chance.choice((0, 0, 0, 1, -1))},
    }
    head = json.dumps({"inputs": [tensor]}).encode()
    length = chance.choice((len(head), len(head), len(head), 0, 10**9, -1))
    return head + raw, {**headers, "inference-header-content-length": str(length)}


def _damaged_json(content: Any, chance: Random) -> Any:
    """The same with one value, somewhere in it, that does not belong there."""
    places = list(_places(content))
    if not places:
        return deepcopy(chance.choice(JUNK))
    holder, key = chance.choice(places)
    if isinstance(holder, dict) and chance.random() < 0.3:
        del holder[key]
    else:
        holder[key] = deepcopy(chance.choice(JUNK))
    return content


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    pairs: Any = ()
    if isinstance(content, dict):
        pairs = content.items()
    elif isinstance(content, list):
        pairs = enumerate(content)
    for key, value in pairs:
        yield content, key
        yield from _places(value)
