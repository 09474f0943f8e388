"""What each protocol takes and gives, without a server."""

import base64
import gzip
import json
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.serving.protocols.base64_text import TextError, unescape
from sightline.serving.protocols.encoding import packed, unpacked
from sightline.serving.protocols.open_inference import OpenInference, tensor_of
from sightline.serving.protocols.plain import Plain
from sightline.serving.protocols.protocol import Answered, Asked, RequestError, json_reply
from sightline.serving.protocols.tensorflow_serving import TensorFlowServing
from sightline.serving.web import paths

IMAGE = bytes(range(256))
TEXT = base64.b64encode(IMAGE).decode()
ROWS = [
    {"class_index": 0, "class_name": "dark", "probabilities": [0.75, 0.25]},
    {"class_index": 1, "class_name": "light", "probabilities": [0.5, 0.5]},
]
ANSWERED = Answered(rows=ROWS, model_name="flowers", version=3)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        base64.encodebytes(IMAGE).decode(),
        base64.encodebytes(IMAGE).decode().replace("\n", "\r\n"),
        TEXT.rstrip("="),
        TEXT.replace("+", "-").replace("/", "_"),
        f" {TEXT}\t\n",
    ],
    ids=["plain", "lines", "mime", "no padding", "web safe", "blanks"],
)
def test_base64_is_read_as_clients_write_it(text: str) -> None:
    assert unescape(text) == IMAGE


@pytest.mark.parametrize("text", ["a", "====", "no base64!", "é"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="expected base64"):
        unescape(text)


@given(data=st.binary())
def test_every_file_survives_base64(data: bytes) -> None:
    assert unescape(base64.encodebytes(data).decode()) == data


def rows_of(*instances: Any) -> Asked:
    return TensorFlowServing().read(json.dumps({"instances": instances}).encode(), {})


def test_other_inputs_are_ignored() -> None:
    images = [{"b64": TEXT}]
    body = {"inputs": {"image_bytes": images, "extra": [1]}, "parameters": {"a": 1}}

    asked = TensorFlowServing().read(json.dumps(body).encode(), {})

    assert asked.images == [IMAGE]
    assert rows_of({"image_bytes": {"b64": TEXT}, "extra": 1}).images == [IMAGE]


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        (TEXT, 'this looks like base64: expected {"b64": "<base64 of an image file>"}'),
        (f"data:image/png;base64,{TEXT}", "received a data: URI as text"),
        ({"b64": f"data:image/png;base64,{TEXT}"}, "without 'data:image/png;base64,'"),
    ],
)
def test_text_in_place_of_bytes_says_what_to_change(instance: Any, words: str) -> None:
    with pytest.raises(RequestError, match="instance 0: ") as error:
        rows_of(instance)

    assert words in error.value.message


def test_bodies_travel_packed_in_one_or_several_parts() -> None:
    body = gzip.compress(b"first ") + gzip.compress(b"second")

    assert unpacked(body, {"content-encoding": "gzip"}, 100) == b"first second"
    assert unpacked(b"as it is", {}, 100) == b"as it is"


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"whole")[:-9], "gzip", 400),
        (gzip.compress(b" " * 101), "gzip", 413),
        (b"", "br", 415),
    ],
    ids=["other bytes", "cut", "too large", "another encoding"],
)
def test_a_body_that_does_not_unpack_is_refused(body: bytes, encoding: str, status: int) -> None:
    with pytest.raises(RequestError) as error:
        unpacked(body, {"content-encoding": encoding}, 100)

    assert error.value.status == status


@pytest.mark.parametrize(
    ("accepted", "is_packed"), [("gzip, br", True), ("gzip;q=0", False), ("", False)]
)
def test_a_large_answer_is_packed_for_who_takes_that(accepted: str, is_packed: bool) -> None:
    reply = packed(json_reply(list(range(1_000))), {"accept-encoding": accepted})

    assert ("content-encoding" in reply.headers) == is_packed
    content = gzip.decompress(reply.body) if is_packed else reply.body
    assert json.loads(content) == list(range(1_000))


def test_a_file_as_the_body_is_one_image_and_gives_one_answer() -> None:
    asked = Plain().read(IMAGE, {"content-type": "image/jpeg"})

    assert asked.images == [IMAGE]
    assert json.loads(Plain().write(asked, ANSWERED).body) == ROWS[0]


def test_a_form_of_files_gives_a_list() -> None:
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + image + b"\r\n"
        for image in (IMAGE, b"\r\n\n\xff\r\n")
    ]
    body = b"".join(parts) + b"--x--\r\n"

    asked = Plain().read(body, {"content-type": "multipart/form-data; boundary=x"})

    assert asked.images == [IMAGE, b"\r\n\n\xff\r\n"]
    assert json.loads(Plain().write(asked, ANSWERED).body) == {"predictions": ROWS}


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"", ""), (b"x", "multipart/form-data"), (b"--x--", "multipart/form-data; boundary=x")],
)
def test_a_body_without_files_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(RequestError, match="Expected"):
        Plain().read(body, {"content-type": kind})


def infer(tensor: dict[str, Any], binary: bytes = b"", **fields: Any) -> Asked:
    whole = {"name": "image_bytes", "datatype": "BYTES", **tensor}
    head = json.dumps({"inputs": [whole], **fields}).encode()
    return OpenInference().read(head + binary, {"inference-header-content-length": str(len(head))})


def binary_of(*images: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(image)) + image for image in images)


def test_images_come_as_base64_or_binary() -> None:
    binary = binary_of(IMAGE, b"")

    in_json = infer({"shape": [1], "data": [TEXT]})
    after = infer({"shape": [2, 1], "parameters": {"binary_data_size": len(binary)}}, binary)

    assert (in_json.images, after.images) == ([IMAGE], [IMAGE, b""])


def test_answers_are_tensors() -> None:
    asked = infer({"shape": [1], "data": [TEXT]}, id="7")

    content = json.loads(OpenInference().write(asked, ANSWERED).body)

    assert (content["model_name"], content["model_version"], content["id"]) == ("flowers", "3", "7")
    index, name, probabilities = content["outputs"]
    assert (index["datatype"], index["data"]) == ("INT64", [0, 1])
    assert (name["datatype"], name["data"]) == ("BYTES", ["dark", "light"])
    assert probabilities == {
        "name": "probabilities",
        "shape": [2, 2],
        "datatype": "FP32",
        "data": [0.75, 0.25, 0.5, 0.5],
    }


def test_answers_come_in_binary_where_asked() -> None:
    wanted = [
        {"name": "probabilities", "parameters": {"binary_data": True}},
        {"name": "class_name", "parameters": {"binary_data": True}},
    ]
    reply = OpenInference().write(infer({"shape": [1], "data": [TEXT]}, outputs=wanted), ANSWERED)

    length = int(reply.headers["inference-header-content-length"])
    sizes = [
        output["parameters"]["binary_data_size"]
        for output in json.loads(reply.body[:length])["outputs"]
    ]
    assert struct.unpack("<4f", reply.body[length:][: sizes[0]]) == (0.75, 0.25, 0.5, 0.5)
    assert reply.body[length:][sizes[0] :] == binary_of(b"dark", b"light")


@pytest.mark.parametrize(
    ("tensor", "binary"),
    [
        ({"shape": [2], "data": [TEXT]}, b""),
        ({"shape": [0], "data": []}, b""),
        ({"shape": [1], "data": [7]}, b""),
        ({"shape": [1], "data": ["no base64!"]}, b""),
        ({"shape": [1], "datatype": "FP32", "data": [1.0]}, b""),
        ({"shape": [1], "name": "other", "data": [TEXT]}, b""),
        ({"shape": [1], "parameters": {"binary_data_size": 9}}, b"1234"),
        ({"shape": [1], "parameters": {"binary_data_size": 4}}, b"\xff\xff\xff\xff"),
        ({"shape": [1], "parameters": {"binary_data_size": 2}}, b"12"),
    ],
)
def test_a_tensor_that_is_not_what_it_says_is_refused(tensor: Any, binary: bytes) -> None:
    with pytest.raises(RequestError, match="xpected") as error:
        infer(tensor, binary)

    assert error.value.status == 400


def test_keys_come_with_images_in_json_or_binary() -> None:
    image = {"name": "image_bytes", "datatype": "BYTES", "shape": [2]}
    key = {"name": "key", "datatype": "BYTES", "shape": [2]}
    binary = [binary_of(IMAGE, b"x"), binary_of("ä".encode(), b"2")]
    sized = [
        {**tensor, "parameters": {"binary_data_size": len(part)}}
        for tensor, part in zip((image, key), binary, strict=True)
    ]

    def read(inputs: Any, after: bytes = b"") -> Asked:
        head = json.dumps({"inputs": inputs}).encode()
        headers = {"inference-header-content-length": str(len(head))}
        return OpenInference().read(head + after, headers)

    in_json = read([{**key, "data": ["ä", "2"]}, {**image, "data": [TEXT, "eA=="]}])
    mixed = read([{**key, "data": ["ä", "2"]}, sized[0]], binary[0])
    after = read(sized, b"".join(binary))

    assert in_json == replace(after, form=in_json.form) == replace(mixed, form=in_json.form)
    assert (after.images, after.keys) == ([IMAGE, b"x"], ["ä", "2"])


def test_the_most_probable_classes_are_tensors() -> None:
    row = {"class_names": ["dark", "light"], "class_indices": [0, 1], "key": "a"}
    answered = replace(ANSWERED, rows=[row, row])

    asked = infer({"shape": [1], "data": [TEXT]}, parameters={"top_k": 2})
    names, indices, keys = json.loads(OpenInference().write(asked, answered).body)["outputs"]

    assert asked.best == 2
    assert (names["datatype"], names["shape"]) == ("BYTES", [2, 2])
    assert names["data"] == ["dark", "light", "dark", "light"]
    assert (indices["datatype"], indices["shape"], indices["data"]) == ("INT64", [2, 2], [0, 1] * 2)
    assert keys["data"] == ["a", "a"]


def test_an_image_file_as_the_body_asks_for_the_most_probable_in_its_address() -> None:
    assert Plain().read(IMAGE, {"top-k": "3"}).best == 3
    for wrong in ("0", "x", "-1", "9" * 20):
        with pytest.raises(RequestError, match="Expected 'top_k' of 1 or more, received"):
            Plain().read(IMAGE, {"top-k": wrong})


def test_what_is_no_tensor_is_json_text() -> None:
    tensor = tensor_of("boxes", [[[1.0, 2.0]], []])

    assert (tensor["datatype"], tensor["data"]) == ("BYTES", ["[[1.0, 2.0]]", "[]"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
TENSOR = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("image_bytes") | JSON,
        "datatype": st.just("BYTES") | JSON,
        "shape": st.just([1]) | JSON,
        "data": st.just([TEXT]) | JSON,
        "parameters": st.builds(lambda size: {"binary_data_size": size}, JSON) | JSON,
    },
)


@settings(max_examples=200, deadline=None)
@given(
    document=st.fixed_dictionaries(
        {}, optional={"inputs": st.lists(TENSOR, max_size=2) | JSON, "outputs": JSON, "id": JSON}
    )
    | JSON,
    binary=st.binary(max_size=20),
    length=st.none() | st.text(max_size=5) | st.integers(0, 300).map(str),
)
def test_no_body_is_a_fault(document: Any, binary: bytes, length: str | None) -> None:
    head = json.dumps(document).encode()
    headers = {"inference-header-content-length": length if length is not None else str(len(head))}
    try:
        OpenInference().write(OpenInference().read(head + binary, headers), ANSWERED)
    except RequestError as error:
        assert 400 <= error.status < 500


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/models/flowers", "None status"),
        ("/V1/Models/flowers/Versions/7", "7 status"),
        ("/v1/models/flowers/labels/stable/metadata", "None metadata"),
        ("/v1/models/flowers/Metadata", "None metadata"),
    ],
)
def test_addresses_are_read_in_any_case(path: str, words: str) -> None:
    address = paths.parse("GET", path)

    assert f"{address.version} {address.verb}" == words


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/v1/models", "Missing model name in request."),
        ("GET", "/v1/models/a:predict", "Malformed request: GET /v1/models/a:predict"),
        ("POST", "/v1/models/a", "Malformed request: POST /v1/models/a"),
        ("POST", "/v1/models/a:classify", "tensorflow/serving/classify. Was: tensorflow/serving"),
        ("GET", "/v1/models/a/labels/canary", "Unrecognized servable version label: canary"),
        ("GET", "/v1/models/a/versions/" + "9" * 5_000, "Failed to convert version: 9999"),
        ("GET", "/v1/models/a/versions/9223372036854775808", "Failed to convert version: 922"),
    ],
)
def test_other_addresses_are_refused_as_tensorflow_serving_does(
    method: str, path: str, words: str
) -> None:
    with pytest.raises(RequestError) as error:
        paths.parse(method, path)

    assert error.value.status == 400
    assert words in error.value.message
