"""Model folders with a real, tiny LiteRT model that calls an image light by its brightness."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from sightline.serving.worker.signatures import saved_model_class
from sightline.stage.formats.bundle import GoldenRequest, hash_files, write_golden, write_info
from sightline.stage.formats.engine import SAVED_MODEL, Engine
from tests.bundles import bundle_info
from tests.data import encoded

SIDE = 8
CLASSES = ("dark", "light")
LITERT = Engine(name="litert", file="model.tflite")


def grey(level: int, file_format: str = "PNG", *, side: int = 9) -> bytes:
    return encoded(Image.new("RGB", (side, side), (level, level, level)), file_format)


def b64(image: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(image).decode()}


def expected(light: float) -> dict[str, Any]:
    index = int(light > 0.5)
    probabilities = [1 - light, light]
    return {
        "class_index": index,
        "class_name": CLASSES[index],
        "probability": probabilities[index],
        "probabilities": probabilities,
    }


def lay_version(
    folder: Path,
    number: int,
    *,
    name: str = "flowers",
    engines: tuple[Engine, ...] = (LITERT,),
    golden: tuple[float, ...] = (0.0, 1.0),
    inverted: bool = False,
    expects_inverted: bool | None = None,
) -> Path:
    """A whole version that a server answers with, there at once."""
    staged, place = folder / f".staging-{number}", folder / str(number)
    staged.mkdir(parents=True)
    (staged / "model.tflite").write_bytes(brightness_model(inverted=inverted))
    (staged / "saved_model.pb").write_bytes(saved_model())
    (staged / "labels.txt").write_text("\n".join(CLASSES) + "\n")
    turned = inverted if expects_inverted is None else expects_inverted
    requests = [
        GoldenRequest(
            id=f"{light:g}" * 12,
            image=grey(round(255 * light)),
            expected=expected(1 - light if turned else light),
        )
        for light in golden
    ]
    write_golden(staged, requests)
    in_bundle = {
        f"{SAVED_MODEL}/{name}" if name == "saved_model.pb" else name: sha256
        for name, sha256 in hash_files(staged).items()
    }
    info = bundle_info(f"bundle-{number}", name=name)
    write_info(staged, replace(info, files=in_bundle, engines=engines))
    staged.rename(place)
    return place


def saved_model() -> bytes:
    """A SavedModel with a signature and no graph."""
    model = saved_model_class()()
    signature = model.meta_graphs.add().signature_def["serving_default"]
    signature.method_name = "tensorflow/serving/predict"
    signature.inputs["image_bytes"].dtype = 7
    content: bytes = model.SerializeToString()
    return content


def brightness_model(*, inverted: bool = False) -> bytes:
    """A LiteRT model with one dense layer: [1 - red, red] of the first pixel."""
    size = SIDE * SIDE * 3
    light = np.zeros(size, np.float32)
    light[0] = 1 / 255
    rows = [light, -light] if inverted else [-light, light]
    weights, bias = np.stack(rows), np.array([0, 1] if inverted else [1, 0], np.float32)
    graph = schema.SubGraphT()
    graph.tensors = [
        _tensor("pixels", (1, SIDE, SIDE, 3), 0),
        _tensor("weights", (2, size), 1),
        _tensor("bias", (2,), 2),
        _tensor("probabilities", (1, 2), 0),
    ]
    graph.inputs, graph.outputs = [0], [3]
    dense = schema.OperatorT()
    dense.inputs, dense.outputs = [0, 1, 2], [3]
    dense.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    dense.builtinOptions = schema.FullyConnectedOptionsT()
    graph.operators = [dense]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [_buffer(b""), _buffer(weights.tobytes()), _buffer(bias.tobytes())]
    model.signatureDefs = [_signature()]
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(name: str, shape: tuple[int, ...], buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), buffer
    return tensor


def _buffer(content: bytes) -> Any:
    buffer = schema.BufferT()
    buffer.data = list(content) or None
    return buffer


def _signature() -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey = "serving_pixels"
    signature.inputs = [_named("pixels", 0)]
    signature.outputs = [_named("probabilities", 3), _named("embedding", 3)]
    return signature


def _named(name: str, index: int) -> Any:
    named = schema.TensorMapT()
    named.name, named.tensorIndex = name, index
    return named
