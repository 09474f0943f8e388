"""Convert a frozen model to LiteRT, float and int8."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.tools import flatbuffer_utils
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.optimize.calibrator import Calibrator, add_intermediate_tensors

from sightline.stage.formats.litert import EMBEDDING, PIXELS
from sightline.stage.formats.records import TargetParser, damage_named, read_split
from sightline.stage.formats.servable import FROM_PIXELS
from sightline.stage.imaging.arrays import Floats


def one_at_a_time(frozen: Any) -> Any:
    """Return a frozen model for a batch of one, which LiteRT's faster kernels need.

    Only its graph is kept: a frozen function holds its weights about ten times over.
    """
    graph = frozen.graph.as_graph_def()
    pixels, *rest = [node for node in graph.node if node.op == "Placeholder"]
    if rest:
        raise RuntimeError("Expected a frozen graph of one input.")
    pixels.attr["shape"].shape.dim[0].size = 1

    def rebuild() -> None:
        tf.graph_util.import_graph_def(graph, name="")

    fetches = [tensor.name for tensor in frozen.outputs]
    return tf.compat.v1.wrap_function(rebuild, []).prune(f"{pixels.name}:0", fetches)


def convert(source: Any) -> bytes:
    """Convert a concrete function, [1, s, s, c], to a LiteRT model in floats."""
    # The converter asks for the object that owns the variables and warns without it; a frozen
    # model has no variables.
    logging.getLogger("absl").setLevel(logging.ERROR)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([source])
    # Writing a SavedModel first and reading it again takes three times as long.
    converter.experimental_lower_to_saved_model = False
    return bytes(converter.convert())


def quantize(model: bytes, calibration: Iterator[Floats]) -> bytes:
    """Turn a LiteRT model in floats into one in int8 that takes uint8 pixels.

    As the converter does it with `Optimize.DEFAULT`, without converting the network once more.
    """
    calibrator = Calibrator(add_intermediate_tensors(model))
    calibrated = calibrator.calibrate(lambda: ([pixels] for pixels in calibration))
    return bytes(mlir_quantize(calibrated, input_data_type=tf.uint8))


def named(model: bytes, outputs: Sequence[str]) -> bytes:
    """Give a LiteRT model the signature by which readers find what goes in and comes out.

    `outputs`: names of the network's outputs in their order; one more is the embedding.
    """
    content = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    schema, graph = flatbuffer_utils.schema_fb, content.subgraphs[0]
    names = [*outputs, EMBEDDING][: len(graph.outputs)]
    content.signatureDefs = [
        schema.SignatureDefT(
            inputs=[schema.TensorMapT(name=PIXELS, tensorIndex=graph.inputs[0])],
            outputs=[
                schema.TensorMapT(name=name, tensorIndex=index)
                for name, index in zip(names, graph.outputs, strict=True)
            ],
            signatureKey=FROM_PIXELS,
            subgraphIndex=0,
        )
    ]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(content))


def training_pixels(records: Path, targets: TargetParser, count: int) -> Iterator[Floats]:
    """Yield float32 [1, s, s, c] of the first `count` training records, which are shuffled."""
    with damage_named(records):
        for image, _, _ in read_split(records, "train", targets).take(count):
            yield image.numpy()[np.newaxis].astype(np.float32)
