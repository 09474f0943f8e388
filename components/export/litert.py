"""Turn the LiteRT model of a network into one in int8."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils
from tensorflow.lite.python.convert import mlir_quantize

from sightline.stage.formats.records import TargetParser, damage_named, read_split
from sightline.stage.imaging.arrays import Floats


def quantize(model: bytes, calibration: Iterator[Floats]) -> bytes:
    """Turn a LiteRT model in floats into one in int8 that takes uint8 pixels.

    Weights have a scale for each channel. As the converter does it with `Optimize.DEFAULT`, without
    converting the network once more, and with the ranges of what LiteRT's fast kernels compute: the
    converter's own calibration takes five times as long for the same ranges.
    """
    content = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    schema = flatbuffer_utils.schema_fb
    for index, (low, high) in _ranges(content, calibration).items():
        tensor = content.subgraphs[0].tensors[index]
        tensor.quantization = schema.QuantizationParametersT(min=[low], max=[high])
    calibrated = bytes(flatbuffer_utils.convert_object_to_bytearray(content))
    return bytes(mlir_quantize(calibrated, input_data_type=tf.uint8))


def _ranges(content: Any, calibration: Iterator[Floats]) -> dict[int, tuple[float, float]]:
    """Return the lowest and highest value of everything that the model computes, by tensor."""
    graph = content.subgraphs[0]
    kept, watched = graph.outputs, [*graph.inputs]
    watched += [index for operator in graph.operators for index in operator.outputs]
    graph.outputs = np.array(watched, np.int32)
    interpreter = Interpreter(
        model_content=bytes(flatbuffer_utils.convert_object_to_bytearray(content))
    )
    graph.outputs = kept
    interpreter.allocate_tensors()
    (given,) = interpreter.get_input_details()
    seen = []
    for pixels in calibration:
        interpreter.set_tensor(given["index"], pixels)
        interpreter.invoke()
        values = [interpreter.get_tensor(index) for index in watched]
        seen.append([(value.min(), value.max()) for value in values])
    found = np.asarray(seen, np.float32)
    lows, highs = found[..., 0].min(axis=0).tolist(), found[..., 1].max(axis=0).tolist()
    return dict(zip(map(int, watched), zip(lows, highs, strict=True), strict=True))


def training_pixels(records: Path, targets: TargetParser, count: int) -> Iterator[Floats]:
    """Yield float32 [1, s, s, c] of the first `count` training records, which are shuffled."""
    with damage_named(records):
        for image, _, _ in read_split(records, "train", targets).take(count):
            yield image.numpy()[np.newaxis].astype(np.float32)
