"""Conformance with https://www.tensorflow.org/tfx/serving/api_rest, by its examples."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data import encoded, photograph
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import b64, expected, grey, lay_version

PREDICT = "/v1/models/flowers:predict"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("models")
    lay_version(folder, 123)
    with (
        serving_folder(folder, max_body_mb=1) as address,
        httpx.Client(base_url=address, timeout=30) as opened,
    ):
        yield opened


def error_of(client: httpx.Client, body: Any, *, status: int = 400) -> str:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post(PREDICT, content=content)
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    return str(response.json()["error"])


def test_the_row_format_answers_a_list_of_objects(client: httpx.Client) -> None:
    response = client.post(PREDICT, json={"instances": [b64(grey(0)), b64(grey(255))]})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    dark, light = response.json()["predictions"]
    assert dark == expected(0.0)
    assert light["class_name"] == "light"
    assert light["probabilities"] == pytest.approx([0.0, 1.0], abs=1e-6)


def test_the_row_format_takes_named_inputs(client: httpx.Client) -> None:
    response = client.post(PREDICT, json={"instances": [{"image_bytes": b64(grey(0))}]})

    assert response.json()["predictions"][0]["class_name"] == "dark"


@pytest.mark.parametrize("named", [True, False])
def test_the_column_format_answers_an_object_of_lists(client: httpx.Client, named: bool) -> None:
    images = [b64(grey(0)), b64(grey(255))]

    response = client.post(PREDICT, json={"inputs": {"image_bytes": images} if named else images})

    outputs = response.json()["outputs"]
    assert outputs["class_index"] == [0, 1]
    assert outputs["class_name"] == ["dark", "light"]
    assert outputs["probability"] == pytest.approx([1.0, 1.0])
    assert outputs["probabilities"][1] == pytest.approx([0.0, 1.0], abs=1e-6)


def test_the_default_signature_may_be_named(client: httpx.Client) -> None:
    body = {"signature_name": "serving_default", "instances": [b64(grey(0))]}

    assert client.post(PREDICT, json=body).status_code == 200


def test_keys_of_the_client_come_back_with_their_answers(client: httpx.Client) -> None:
    rows = [
        {"image_bytes": b64(grey(level)), "key": name} for level, name in ((0, "a"), (255, "b"))
    ]
    columns = {"image_bytes": [row["image_bytes"] for row in rows], "key": ["a", "b"]}

    by_row = client.post(PREDICT, json={"instances": rows}).json()["predictions"]
    signed = client.post(PREDICT, json={"signature_name": "serving_keys", "inputs": columns})

    assert by_row[0] == {**expected(0.0), "key": "a"}
    assert [row["key"] for row in by_row] == signed.json()["outputs"]["key"] == ["a", "b"]


def test_the_most_probable_classes_are_named(client: httpx.Client) -> None:
    rows = [{"image_bytes": b64(grey(255)), "key": "a"}]
    named = {
        "class_names": ["light", "dark"],
        "class_indices": [1, 0],
        "class_probabilities": pytest.approx([1.0, 0.0], abs=1e-6),
        "key": "a",
    }

    signed = client.post(PREDICT, json={"signature_name": "serving_top_k", "instances": rows})
    asked = client.post(PREDICT, json={"parameters": {"top_k": 1}, "instances": rows})
    plain = client.post("/predict?top_k=1", content=grey(255))

    assert signed.json()["predictions"] == [named]
    assert asked.json()["predictions"][0]["class_names"] == ["light"]
    assert plain.json()["class_indices"] == [1]


def test_what_an_address_asks_for_is_known(client: httpx.Client) -> None:
    answer = client.post("/predict?topk=1", content=grey(255))

    assert answer.status_code == 400
    assert "Expected nothing but ?top_k= in the address, received topk." in answer.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"signature_name": "serving_keys", "instances": [b64(grey(0))]}, "images without 'key'"),
        ({"instances": [{"image_bytes": b64(grey(0)), "key": 7}]}, "a text as 'key' of each"),
        (
            {"instances": [{"image_bytes": b64(grey(0)), "key": "a"}, b64(grey(0))]},
            "a text as 'key' of each image, received null",
        ),
        (
            {"inputs": {"image_bytes": [b64(grey(0))], "key": ["a", "b"]}},
            "a text as 'key' of each image, received 2 for 1 images",
        ),
        ({"parameters": {"top_k": 0}, "instances": [b64(grey(0))]}, "'top_k' of 1 or more"),
        ({"signature_name": "serving_filenames", "instances": ["a"]}, "serving_keys, serving_top"),
    ],
)
def test_keys_and_signatures_that_are_none_are_refused(
    client: httpx.Client, body: Any, words: str
) -> None:
    assert words in error_of(client, body)


def test_a_version_may_be_named(client: httpx.Client) -> None:
    response = client.post(
        "/v1/models/flowers/versions/123:predict", json={"instances": [b64(grey(0))]}
    )

    assert response.status_code == 200
    assert response.headers["x-model-version"] == "123"


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_every_served_format_is_answered(client: httpx.Client, file_format: str) -> None:
    response = client.post(PREDICT, json={"instances": [b64(grey(20, file_format))]})

    assert response.json()["predictions"][0]["class_name"] == "dark"


@pytest.mark.parametrize("address", ["/v1/models/flowers", "/v1/models/flowers/versions/123"])
def test_the_status_has_the_documented_form(client: httpx.Client, address: str) -> None:
    assert client.get(address).json() == {
        "model_version_status": [
            {
                "version": "123",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }


@pytest.mark.parametrize(
    "address", ["/v1/models/flowers/metadata", "/v1/models/flowers/versions/123/metadata"]
)
def test_the_metadata_has_the_documented_form(client: httpx.Client, address: str) -> None:
    content = client.get(address).json()

    assert content["model_spec"] == {"name": "flowers", "signature_name": "", "version": "123"}
    signature = content["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["image_bytes"]["dtype"] == "DT_STRING"


@pytest.mark.parametrize(
    ("method", "address", "message"),
    [
        ("POST", "/v1/models/half:predict", "Servable not found for request: Latest(half)"),
        (
            "POST",
            "/v1/models/flowers/versions/9:predict",
            "Servable not found for request: Specific(flowers, 9)",
        ),
        ("GET", "/v1/models/half/metadata", "Servable not found for request: Latest(half)"),
        ("GET", "/v1/models/half", "Could not find any versions of model half"),
        ("GET", "/v1/models/flowers/versions/9", "Could not find version 9 of model flowers"),
        ("GET", "/elsewhere", "Malformed request: GET /elsewhere"),
    ],
)
def test_what_is_not_there_answers_404(
    client: httpx.Client, method: str, address: str, message: str
) -> None:
    response = client.request(method, address, json={"instances": [b64(grey(0))]})

    assert (response.status_code, response.json()) == (404, {"error": message})


def test_a_wrong_method_is_a_malformed_request(client: httpx.Client) -> None:
    response = client.delete("/v1/models/flowers")

    assert response.status_code == 400
    assert response.json() == {"error": "Malformed request: DELETE /v1/models/flowers"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error"),
        (b"{", "JSON Parse error"),
        (b"\xff\xfe", "JSON Parse error"),
        (b"[" * 100_000, "JSON Parse error"),
        ([1], "Expected a JSON object, received [1]"),
        ({}, "Expected one of 'instances' and 'inputs', received []"),
        ({"instances": [], "inputs": []}, "received ['instances', 'inputs']"),
        ({"instances": []}, "'instances' to hold a list of images, received []"),
        ({"instances": "x"}, "'instances' to hold a list of images, received \"x\""),
        ({"inputs": {"b64": "eA=="}}, "expected the one input 'image_bytes', received ['b64']"),
        ({"instances": [b64(b"x")] * 300}, "at most 256 images in a request, received 300"),
        ({"instances": [{"photo": "x"}]}, "instance 0: expected the one input 'image_bytes'"),
        ({"instances": [7]}, 'instance 0: expected {"b64"'),
        ({"instances": [{"b64": 7}]}, 'instance 0: expected {"b64"'),
        ({"instances": [{"b64": "no base64!"}]}, "instance 0: expected base64 after 'b64'"),
        ({"instances": ["\ud800"]}, "instance 0: expected a JPEG"),
        ({"instances": [b64(b"")]}, "instance 0: expected a JPEG"),
        (
            {"signature_name": "from_files", "instances": ["/etc/hosts"]},
            "Expected signature_name serving_default, serving_keys, serving_top_k; received",
        ),
    ],
)
def test_a_wrong_body_says_what_was_expected(client: httpx.Client, body: Any, message: str) -> None:
    assert message in error_of(client, body)


def test_the_instance_that_is_no_image_is_named(client: httpx.Client) -> None:
    body = {"instances": [b64(grey(1)), b64(b"hello")]}

    assert error_of(client, body) == (
        "instance 1: expected a JPEG, PNG, GIF, BMP or WebP file, "
        "received 5 bytes that are no image."
    )


def test_the_instance_that_is_damaged_is_named(client: httpx.Client) -> None:
    whole = encoded(photograph(3))
    body = {"instances": [b64(whole), b64(whole), b64(whole[: len(whole) // 2])]}

    assert error_of(client, body).startswith("instance 2: Expected an image file")


def test_a_format_that_the_graph_does_not_read_is_named(client: httpx.Client) -> None:
    message = error_of(client, {"instances": [b64(grey(1, "TIFF"))]})

    assert "received TIFF. Convert it first" in message


@pytest.mark.parametrize("side", [8_000, 15_000])
def test_an_image_with_too_many_pixels_is_refused_before_it_is_decoded(
    client: httpx.Client, side: int
) -> None:
    huge = encoded(Image.new("1", (side, side)), "PNG")

    message = error_of(client, {"instances": [b64(huge)]})

    assert "expected an image of at most 50 megapixels" in message
    assert f"{side:,} x {side:,} is" in message


def test_many_large_images_in_one_request_are_refused(client: httpx.Client) -> None:
    large = encoded(Image.new("1", (7_000, 7_000)), "PNG")

    message = error_of(client, {"instances": [b64(large)] * 5})

    assert message.startswith("instance 4: expected at most 200,000,000 pixels in one request")


def test_a_body_beyond_the_limit_answers_413(client: httpx.Client) -> None:
    assert "at most 1 MB" in error_of(client, b" " * (2**20 + 1), status=413)


@pytest.mark.parametrize("address", ["/healthz", "/healthz/"])
def test_health_tells_the_model_and_the_version(client: httpx.Client, address: str) -> None:
    assert client.get(address).json() == {
        "status": "ok",
        "model": "flowers",
        "version": 123,
        "problem": "classification",
        "classes": ["dark", "light"],
        "engine": "litert",
    }


def test_a_person_can_try_the_model_in_a_browser(client: httpx.Client) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert 'type="file"' in response.text


IMAGES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([grey(9), grey(9, "JPEG"), grey(9, "GIF"), grey(9, "WEBP"), grey(9, "BMP")]),
)
INSTANCES = st.one_of(
    st.text(),
    st.none(),
    st.floats(),
    st.builds(b64, IMAGES),
    st.builds(lambda image: {"image_bytes": b64(image)}, IMAGES),
    st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2),
    st.lists(st.integers(), max_size=2),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.fixed_dictionaries(
        {},
        optional={
            "instances": st.one_of(INSTANCES, st.lists(INSTANCES, max_size=4)),
            "inputs": st.one_of(INSTANCES, st.lists(INSTANCES, max_size=4)),
            "signature_name": st.one_of(st.text(max_size=9), st.none(), st.integers()),
        },
    ).map(lambda body: json.dumps(body).encode()),
)


@settings(max_examples=100, deadline=None)
@given(body=BODIES)
def test_no_body_makes_the_server_fail(client: httpx.Client, body: bytes) -> None:
    response = client.post(PREDICT, content=body)

    assert response.status_code in (200, 400)
    assert ("error" in response.json()) == (response.status_code == 400)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_to_an_image_makes_the_server_fail(
    client: httpx.Client, data: st.DataObject
) -> None:
    image = bytearray(data.draw(st.sampled_from([grey(9), grey(9, "JPEG"), grey(9, "GIF")])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(image) - 1))
        image[place] = data.draw(st.integers(0, 255))

    response = client.post(PREDICT, json={"instances": [b64(bytes(image))]})

    assert response.status_code in (200, 400)


def test_the_open_inference_protocol_tells_the_server_and_the_model(client: httpx.Client) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json()["live"] is True
    assert client.get("/v2/health/ready").json()["ready"] is True
    assert client.get("/v2/models/flowers/ready").json() == {"name": "flowers", "ready": True}
    described = client.get("/v2/models/flowers/versions/123").json()
    assert described["versions"] == ["123"]
    assert described["inputs"] == [{"name": "image_bytes", "datatype": "BYTES", "shape": [-1]}]
    assert {"name": "probabilities", "shape": [-1, 2], "datatype": "FP32"} in described["outputs"]


def test_the_open_inference_protocol_answers_images(client: httpx.Client) -> None:
    data = [b64(grey(0))["b64"], b64(grey(255))["b64"]]
    tensor = {"name": "image_bytes", "datatype": "BYTES", "shape": [2], "data": data}

    content = client.post("/v2/models/flowers/infer", json={"inputs": [tensor]}).json()

    outputs = {output["name"]: output["data"] for output in content["outputs"]}
    assert outputs["class_name"] == ["dark", "light"]
    assert content["model_version"] == "123"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/birds", 404),
        ("GET", "/v2/models/flowers/infer", 404),
        ("POST", "/v2/models/flowers", 404),
        ("GET", "/V1/models/flowers", 200),
        ("GET", "/v1/models/flowers/labels/stable", 200),
    ],
)
def test_addresses_of_both_protocols(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    assert client.request(method, path, json={}).status_code == status
