"""TensorFlow Serving's JSON for predict, status and metadata, to and from Python values.

The format is that of https://www.tensorflow.org/tfx/serving/api_rest.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

INPUT = "image_bytes"
SIGNATURE = "serving_default"
MAX_INSTANCES = 256
EXAMPLE = '{"instances": [{"b64": "<base64 of an image file>"}]}'


class RequestError(Exception):
    """A request that cannot be answered: HTTP status and sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictRequest:
    """The images of a predict call, and in which format it wants its answer."""

    images: list[bytes]
    columnar: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionState:
    """The state of one version, in the words of TensorFlow Serving."""

    version: int
    state: Literal["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]
    error: str = ""


def parse_predict(body: bytes) -> PredictRequest:
    """Read the body of a predict call.

    Raises:
        RequestError: it is not what `serving_default` takes; names the instance.
    """
    document = parse_json(body)
    signature = document.get("signature_name", SIGNATURE)
    if signature not in (SIGNATURE, ""):
        # `from_files` of older bundles would let any client open files on this machine.
        raise RequestError(
            400, f"Expected signature_name {SIGNATURE!r}, received {shown(signature)}."
        )
    given = [key for key in ("instances", "inputs") if key in document]
    if len(given) != 1:
        raise RequestError(
            400,
            f"Expected one of 'instances' and 'inputs', received {given or sorted(document)[:5]}. "
            f"Send {EXAMPLE}.",
        )
    columnar = given == ["inputs"]
    values = document["inputs"] if columnar else document["instances"]
    if columnar and isinstance(values, dict):
        values = named_input(values, "inputs")
    if not isinstance(values, list) or not values:
        raise RequestError(
            400, f"Expected '{given[0]}' to hold a list of images, received {shown(values)}."
        )
    if len(values) > MAX_INSTANCES:
        raise RequestError(
            400, f"Expected at most {MAX_INSTANCES} images in a request, received {len(values):,}."
        )
    images = [to_bytes(index, value) for index, value in enumerate(values)]
    return PredictRequest(images=images, columnar=columnar)


def parse_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RequestError: the body is something else.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"JSON Parse error: {str(error)[:200]}. Send {EXAMPLE}.") from error
    if not isinstance(document, dict):
        raise RequestError(
            400, f"Expected a JSON object, received {shown(document)}. Send {EXAMPLE}."
        )
    return document


def named_input(values: dict[str, Any], where: str) -> Any:
    """Return the one input of an object that names its inputs."""
    if set(values) == {INPUT}:
        return values[INPUT]
    raise RequestError(
        400, f"{where}: expected the one input {INPUT!r}, received {sorted(values)[:5]}."
    )


def to_bytes(index: int, value: Any) -> bytes:
    """Return the bytes of one instance: {"b64": ...}, or text as its UTF-8 bytes."""
    where = f"instance {index}"
    if isinstance(value, dict) and "b64" not in value:
        value = named_input(value, where)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if not isinstance(value, dict) or set(value) != {"b64"} or not isinstance(value["b64"], str):
        raise RequestError(
            400,
            f'{where}: expected {{"b64": "<base64 of an image file>"}}, received {shown(value)}.',
        )
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            400, f"{where}: expected base64 after 'b64', received other text ({error})."
        ) from error


def shown(value: Any) -> str:
    """Return a short form of a JSON value for a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def predict_response(rows: Sequence[dict[str, Any]], *, columnar: bool) -> dict[str, Any]:
    """Return answers in the format of the request: a list of objects, or an object of lists."""
    if not columnar:
        return {"predictions": list(rows)}
    return {"outputs": {name: [row[name] for row in rows] for name in rows[0]}}


def status_response(states: Sequence[VersionState]) -> dict[str, Any]:
    """Return the states as `GetModelStatusResponse`."""
    return {
        "model_version_status": [
            {
                "version": str(state.version),
                "state": state.state,
                "status": {
                    "error_code": "UNKNOWN" if state.error else "OK",
                    "error_message": state.error,
                },
            }
            for state in states
        ]
    }


def metadata_response(name: str, version: int, signatures: dict[str, Any]) -> dict[str, Any]:
    """Return signatures as `GetModelMetadataResponse`."""
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def read_signatures(folder: Path) -> dict[str, Any]:
    """Return the signatures of a SavedModel as JSON values, as TensorFlow Serving writes them."""
    from google.protobuf.json_format import MessageToDict
    from tensorflow.core.protobuf import saved_model_pb2

    content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    return {
        name: MessageToDict(
            signature,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
        for name, signature in content.meta_graphs[0].signature_def.items()
    }
