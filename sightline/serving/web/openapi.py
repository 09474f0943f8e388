"""The OpenAPI document of a server, made of its routes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starlette.routing import BaseRoute, Route

from sightline import __version__
from sightline.ground.models.signatures import FILES, KEY
from sightline.serving.protocols.protocol import MAX_IMAGES, PARAMETERS, TOP_K
from sightline.serving.protocols.tensorflow_serving import SIGNATURES

Json = dict[str, Any]
Body = Literal["", "instances", "inputs", "file"]
JSON, BYTES, FORM = "application/json", "application/octet-stream", "multipart/form-data"
BINARY: Json = {"type": "string", "contentMediaType": BYTES}
PARAMETER = re.compile(r"{(\w+)}")
NO_MODEL = {"model": {"type": "string"}, "label": {"type": "string", "enum": ["stable", "live"]}}
NUM_BEST: Json = {
    "type": "integer",
    "minimum": 1,
    "description": "So many of the most probable classes, in place of the answer.",
}
VERSION = {"version": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call as a client sees it."""

    path: str
    method: str = "get"
    summary: str
    body: Body = ""


def _below_v1() -> Iterator[Operation]:
    model = "/v1/models/{model}"
    for place in (model, f"{model}/versions/{{version}}", f"{model}/labels/{{label}}"):
        yield Operation(path=place, summary="Say which versions are available.")
        yield Operation(path=f"{place}/metadata", summary="Describe inputs and outputs.")
        predict = f"{place}:predict"
        yield Operation(path=predict, method="post", summary="Answer images.", body="instances")


def _below_v2() -> Iterator[Operation]:
    model = "/v2/models/{model}"
    for place in (model, f"{model}/versions/{{version}}"):
        yield Operation(path=place, summary="Describe the model, its inputs and outputs.")
        yield Operation(path=f"{place}/ready", summary="Say whether the model answers.")
        infer = f"{place}/infer"
        yield Operation(path=infer, method="post", summary="Answer images.", body="inputs")


BELOW = {
    "/v1/{rest:path}": tuple(_below_v1()),
    "/V1/{rest:path}": (),
    "/v2/models/{rest:path}": tuple(_below_v2()),
}
"""What a route that reads the rest of its address by itself takes."""


def operations(routes: Sequence[BaseRoute]) -> Iterator[Operation]:
    """Yield every call of an application."""
    for route in routes:
        if not isinstance(route, Route):
            continue
        if route.path in BELOW:
            yield from BELOW[route.path]
            continue
        summary = (route.endpoint.__doc__ or "").partition("\n")[0]
        for method in sorted({"GET", "POST"} & set(route.methods or ())):
            body: Body = "file" if method == "POST" else ""
            yield Operation(path=route.path, method=method.lower(), summary=summary, body=body)


def document(routes: Sequence[BaseRoute], model: str) -> Json:
    """Return the OpenAPI document of an application that answers with a model of this name."""
    paths: dict[str, Json] = {}
    for one in operations(routes):
        described: Json = {"summary": one.summary, "responses": _responses(one)}
        if names := PARAMETER.findall(one.path):
            described["parameters"] = [_parameter(name, model) for name in names]
        elif one.body == "file":
            described["parameters"] = [{"name": TOP_K, "in": "query", "schema": NUM_BEST}]
        if one.body:
            described["requestBody"] = {"required": True, "content": BODIES[one.body]}
        paths.setdefault(one.path, {})[one.method] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Sightline: {model}", "version": __version__},
        "paths": paths,
        "security": [{}, {"token": []}],
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _parameter(name: str, model: str) -> Json:
    schema = {**NO_MODEL, **VERSION}[name]
    example = {"example": model} if name == "model" else {}
    return {"name": name, "in": "path", "required": True, "schema": schema, **example}


def _responses(one: Operation) -> Json:
    # What a page or the metrics are made of is no business of a client's types.
    content = {JSON: {"schema": {"type": ["object", "array"]}}} if one.body else {"*/*": {}}
    error = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "200": {"description": "The answer.", "content": content},
        "default": {"description": "Why there is none.", "content": error},
    }


def _reference(name: str) -> Json:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}


BODIES: dict[str, Json] = {
    "instances": {JSON: _reference("Instances")},
    "inputs": {JSON: _reference("Inputs"), BYTES: {"schema": BINARY}},
    "file": {BYTES: {"schema": BINARY}, FORM: _reference("Files")},
}
SCHEMAS: Json = {
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
    },
    "Image": {
        "type": "object",
        "required": ["b64"],
        "properties": {"b64": {"type": "string", "contentEncoding": "base64"}},
    },
    "Instances": {
        "type": "object",
        "description": "Rows as `instances`, or columns as `inputs`.",
        "properties": {
            "signature_name": {"type": "string", "enum": list(SIGNATURES)},
            PARAMETERS: {"$ref": "#/components/schemas/Parameters"},
            "instances": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_IMAGES,
                "items": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/Image"},
                        {"$ref": "#/components/schemas/KeyedImage"},
                    ]
                },
            },
        },
    },
    "KeyedImage": {
        "type": "object",
        "required": [FILES],
        "properties": {
            FILES: {"$ref": "#/components/schemas/Image"},
            KEY: {"type": "string", "description": "Comes back with the answer."},
        },
    },
    "Parameters": {"type": "object", "properties": {TOP_K: NUM_BEST}},
    "Inputs": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            PARAMETERS: {"$ref": "#/components/schemas/Parameters"},
            "inputs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["name", "shape", "datatype"],
                    "properties": {
                        "name": {"type": "string", "enum": [FILES, KEY]},
                        "shape": {"type": "array", "items": {"type": "integer"}},
                        "datatype": {"type": "string", "const": "BYTES"},
                        "data": {"type": "array", "items": {"type": "string"}},
                    },
                },
            },
        },
    },
    "Files": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": BINARY}},
    },
}
