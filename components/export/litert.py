"""Prepare a frozen model for LiteRT, and turn its LiteRT model into int8."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert import mlir_quantize
from tensorflow.lite.python.optimize.calibrator import Calibrator, add_intermediate_tensors

from sightline.stage.formats.records import TargetParser, damage_named, read_split
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


def quantize(model: bytes, calibration: Iterator[Floats]) -> bytes:
    """Turn a LiteRT model in floats into one in int8 that takes uint8 pixels.

    As the converter does it with `Optimize.DEFAULT`, without converting the network once more.
    """
    calibrator = Calibrator(add_intermediate_tensors(model))
    calibrated = calibrator.calibrate(lambda: ([pixels] for pixels in calibration))
    return bytes(mlir_quantize(calibrated, input_data_type=tf.uint8))


def training_pixels(records: Path, targets: TargetParser, count: int) -> Iterator[Floats]:
    """Yield float32 [1, s, s, c] of the first `count` training records, which are shuffled."""
    with damage_named(records):
        for image, _, _ in read_split(records, "train", targets).take(count):
            yield image.numpy()[np.newaxis].astype(np.float32)
