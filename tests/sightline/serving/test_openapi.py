"""The document of all calls, and random requests to each of them."""

import copy
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.sightline.serving.random_requests import Asked, calls, random_request
from tests.sightline.serving.served import b64, grey


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_the_document_is_one_of_openapi(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(copy.deepcopy(document)).validate()

    assert all(one["summary"] for path in document["paths"].values() for one in path.values())


def test_every_call_of_the_document_is_answered(
    client: httpx.Client, document: dict[str, Any]
) -> None:
    tensor = {
        "name": "image_bytes",
        "shape": [1],
        "datatype": "BYTES",
        "data": [b64(grey(0))["b64"]],
    }
    bodies: dict[str, Any] = {
        "Instances": {"json": {"instances": [b64(grey(0))]}},
        "Inputs": {"json": {"inputs": [tensor]}},
        "file": {"content": grey(0)},
    }

    for method, path in calls(document):
        content = document["paths"][path][method].get("requestBody", {}).get("content", {})
        reference = content.get("application/json", {}).get("schema", {}).get("$ref", "file")
        body = bodies[reference.rsplit("/", 1)[-1]] if content else {}
        address = path.format(model="flowers", version=3, label="stable")
        response = client.request(method, address, **body)
        assert response.status_code == 200, (method, path, response.text)


def send(client: httpx.Client, asked: Asked) -> httpx.Response:
    headers = {name: value.encode("latin-1") for name, value in asked.headers.items()}
    return client.request(asked.method, asked.path, content=asked.body, headers=headers)


@given(chance=st.randoms(use_true_random=False))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_requests_are_answered_or_refused_with_a_reason(
    client: httpx.Client, document: dict[str, Any], chance: Random
) -> None:
    asked = random_request(document, chance)

    response = send(client, asked)

    assert response.status_code < 500 or response.status_code == 503, response.text
    if response.status_code >= 400 and asked.method != "HEAD":
        assert response.json()["error"]
