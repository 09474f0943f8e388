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
from sightline.stage.answering.engine import SAVED_MODEL, Engine
from sightline.stage.formats.bundle import GoldenRequest, hash_files, write_golden, write_info
from tests.bundles import bundle_info
from tests.data import encoded

SIDE = 8
SLOW = 512
"""Width of a layer that takes its time."""
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
    num_slow_layers: int = 0,
) -> Path:
    """A whole version that a server answers with, there at once."""
    staged, place = folder / f".staging-{number}", folder / str(number)
    staged.mkdir(parents=True)
    model = brightness_model(inverted=inverted, num_slow_layers=num_slow_layers)
    (staged / "model.tflite").write_bytes(model)
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


def brightness_model(*, inverted: bool = False, num_slow_layers: int = 0) -> bytes:
    """A LiteRT model with one dense layer: [1 - red, red] of the first pixel.

    Slow layers take their time and change nothing.
    """
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
    graph.operators = [_dense([0, 1, 2], 3)]
    if num_slow_layers:
        _add_slow_layers(graph, num_slow_layers)
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [_buffer(b""), _buffer(weights.tobytes()), _buffer(bias.tobytes())]
    if num_slow_layers:
        model.buffers += [_buffer(bytes(4 * SLOW * width)) for width in (size, SLOW)]
    model.signatureDefs = [_signature(len(graph.tensors) - 1)]
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _add_slow_layers(graph: Any, count: int) -> None:
    size = SIDE * SIDE * 3
    graph.tensors += [
        _tensor("narrow weights", (SLOW, size), 3),
        _tensor("wide weights", (SLOW, SLOW), 4),
        _tensor("layer", (1, SLOW), 0),
    ]
    graph.operators.append(_dense([0, 4, -1], 6))
    for number in range(7, 7 + count):
        graph.tensors.append(_tensor(f"layer {number}", (1, SLOW), 0))
        graph.operators.append(_dense([number - 1, 5, -1], number))
    graph.outputs = [3, len(graph.tensors) - 1]


def _dense(inputs: list[int], output: int) -> Any:
    dense = schema.OperatorT()
    dense.inputs, dense.outputs = inputs, [output]
    dense.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    dense.builtinOptions = schema.FullyConnectedOptionsT()
    return dense


def _tensor(name: str, shape: tuple[int, ...], buffer: int) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, list(shape), buffer
    return tensor


def _buffer(content: bytes) -> Any:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(content, np.uint8) if content else None
    return buffer


def _signature(embedding: int) -> Any:
    signature = schema.SignatureDefT()
    signature.signatureKey = "serving_pixels"
    signature.inputs = [_named("pixels", 0)]
    signature.outputs = [_named("probabilities", 3), _named("embedding", embedding)]
    return signature


def _named(name: str, index: int) -> Any:
    named = schema.TensorMapT()
    named.name, named.tensorIndex = name, index
    return named
