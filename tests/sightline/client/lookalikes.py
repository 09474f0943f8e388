"""Small model servers on loopback that behave as the documents of real ones say.

TensorFlow Serving: https://www.tensorflow.org/tfx/serving/api_rest
Open Inference Protocol: https://kserve.github.io/website/docs/concepts/architecture/data-plane
"""

import asyncio
import base64
import json
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sightline.ground.errors import DataError
from sightline.stage.imaging.arrays import decode

CLASSES = ("dark", "light")


class NoImageError(Exception):
    """What a model says to bytes that are no image."""


def look(images: Sequence[bytes]) -> list[dict[str, Any]]:
    """Call an image light by its mean brightness."""
    rows = []
    for image in images:
        try:
            light = float(decode(image).mean() / 255)
        except DataError as error:
            raise NoImageError("Expected image (JPEG, PNG, or GIF), got unknown format") from error
        index = int(light >= 0.5)
        probabilities = [1 - light, light]
        rows.append(
            {
                "class_index": index,
                "class_name": CLASSES[index],
                "probability": probabilities[index],
                "probabilities": probabilities,
            }
        )
    return rows


class ModelServer:
    """What the look-alikes share: one model, and answers that a test orders."""

    def __init__(self, name: str = "photos", version: int = 3) -> None:
        self.name, self.version = name, version
        self.ordered: list[Response] = []
        """Responses to the next requests for answers."""
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.batches: list[int] = []
        self.slow_first_seconds = 0.0

    def application(self) -> Starlette:
        return Starlette(routes=self.routes(), exception_handlers={HTTPException: self.lost})

    def routes(self) -> list[Route]:
        raise NotImplementedError

    async def lost(self, request: Request, error: Exception) -> Response:
        self.asked.append(request.url.path)
        message = f"Malformed request: {request.method} {request.url.path}"
        return JSONResponse({"error": message}, 404)

    async def begin(self, request: Request, count: int) -> Response | None:
        self.asked.append(request.url.path)
        self.headers.append(dict(request.headers))
        self.batches.append(count)
        if len(self.batches) == 1:
            await asyncio.sleep(self.slow_first_seconds)
        return self.ordered.pop(0) if self.ordered else None


class TensorFlowServingLike(ModelServer):
    """REST calls of TensorFlow Serving, and nothing else."""

    lists_models = False

    def routes(self) -> list[Route]:
        model = "/v1/models/{name}"
        return [
            Route(f"{model}/versions/{{version:int}}:predict", self.predict, methods=["POST"]),
            Route(f"{model}:predict", self.predict, methods=["POST"]),
            Route(model, self.status),
            *([Route("/v1/config", self.configuration)] if self.lists_models else []),
        ]

    async def configuration(self, request: Request) -> Response:
        """What OpenVINO Model Server has beside them."""
        return JSONResponse({self.name: {"model_version_status": []}, "note": "of the server"})

    async def status(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        name = request.path_params["name"]
        if name != self.name:
            return JSONResponse({"error": f"Could not find any versions of model {name}"}, 404)
        state = {"version": str(self.version), "state": "AVAILABLE"}
        ended = {"version": str(self.version + 1), "state": "END"}
        status = {"status": {"error_code": "OK", "error_message": ""}}
        return JSONResponse({"model_version_status": [ended | status, state | status]})

    async def predict(self, request: Request) -> Response:
        instances = (await request.json())["instances"]
        if told := await self.begin(request, len(instances)):
            return told
        name, version = request.path_params["name"], request.path_params.get("version")
        if name != self.name or version not in (None, self.version):
            which = f"Specific({name}, {version})"
            return JSONResponse({"error": f"Servable not found for request: {which}"}, 404)
        try:
            rows = look([base64.b64decode(one["b64"]) for one in instances])
        except NoImageError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"predictions": rows})


class InferenceServerLike(ModelServer):
    """The Open Inference Protocol with binary tensors, and Triton's list of models."""

    datatype = "BYTES"

    def routes(self) -> list[Route]:
        return [
            Route("/v2/models/{name}/infer", self.infer, methods=["POST"]),
            Route("/v2/models/{name}", self.metadata),
            Route("/v2/repository/index", self.index, methods=["POST"]),
        ]

    async def index(self, request: Request) -> Response:
        return JSONResponse([{"name": self.name, "state": "READY"}, {"name": "other"}])

    async def metadata(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        if request.path_params["name"] != self.name:
            return JSONResponse({"error": "Request for unknown model"}, 400)
        tensor = {"name": "image_bytes", "datatype": self.datatype, "shape": [-1, 1]}
        outputs = [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}]
        return JSONResponse(
            {
                "name": self.name,
                "versions": [str(self.version)],
                "platform": "",
                "inputs": [tensor],
                "outputs": outputs,
            }
        )

    async def infer(self, request: Request) -> Response:
        body = await request.body()
        length = int(request.headers["Inference-Header-Content-Length"])
        tensor = json.loads(body[:length])["inputs"][0]
        images = list(tensor_elements(body[length:]))
        assert (tensor["name"], tensor["datatype"]) == ("image_bytes", "BYTES")
        assert tensor["shape"] == [len(images), 1]
        assert tensor["parameters"]["binary_data_size"] == len(body) - length
        if told := await self.begin(request, len(images)):
            return told
        try:
            rows = look(images)
        except NoImageError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(
            {
                "model_name": self.name,
                "model_version": str(self.version),
                "outputs": [
                    output("class_index", "INT64", rows, [len(rows)]),
                    output("class_name", "BYTES", rows, [len(rows)]),
                    output("probability", "FP32", rows, [len(rows), 1]),
                    output("probabilities", "FP32", rows, [len(rows), len(CLASSES)]),
                ],
            }
        )


def output(name: str, datatype: str, rows: Sequence[dict[str, Any]], shape: list[int]) -> Any:
    """A tensor in row-major order."""
    values = [row[name] for row in rows]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return {"name": name, "datatype": datatype, "shape": shape, "data": flat}


def tensor_elements(data: bytes) -> Iterator[bytes]:
    """The elements of a binary tensor of BYTES."""
    while data:
        (size,) = struct.unpack("<I", data[:4])
        yield data[4 : 4 + size]
        data = data[4 + size :]


@contextmanager
def raw_server(answer: bytes, *, pause_seconds: float = 0.0) -> Iterator[str]:
    """A server that answers every connection with these bytes, one at a time after pauses."""
    ended = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(1 << 16)
            try:
                if not pause_seconds:
                    connection.sendall(answer)
                    return
                for byte in answer:
                    connection.sendall(bytes([byte]))
                    if ended.wait(pause_seconds):
                        return
            except OSError:
                return

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            listening.shutdown(socket.SHUT_RDWR)
