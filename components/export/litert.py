"""Convert a model to LiteRT, float and int8, and run what came out."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from sightline.problems import Problem
from sightline.problems.serving import Arrays
from sightline.stage.formats.records import TargetParser, damage_named, read_split
from sightline.stage.imaging.arrays import Floats, Pixels
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.timing import writing

FLOAT_FILE = "model.tflite"
INT8_FILE = "model_int8.tflite"


def write_litert(
    network: keras.Model,
    bundle: Path,
    problem: Problem,
    *,
    contract: PreprocessingContract,
    records: Path,
    calibration_images: int,
) -> None:
    """Write `model.tflite` and `model_int8.tflite` from the trained model.

    Both take pixels of the contract, values 0 to 255, [1, s, s, c]: the first as float32, the
    second as uint8. Both return what the network gives, such as probabilities float32 [1, classes].
    """
    source = one_at_a_time(network, problem.serving.outputs, contract)
    converted = convert(source)
    quantized = convert(
        source, calibration=training_pixels(records, problem.targets, calibration_images)
    )
    with writing():
        (bundle / FLOAT_FILE).write_bytes(converted)
        (bundle / INT8_FILE).write_bytes(quantized)


def one_at_a_time(
    network: keras.Model, names: Sequence[str], contract: PreprocessingContract
) -> Any:
    """Return the model, frozen with a batch of one, which LiteRT's faster kernels need."""
    shape = (1, contract.image_size, contract.image_size, contract.channels)
    signature = [tf.TensorSpec(shape, tf.float32, name="pixels")]

    def answer(pixels: Any) -> dict[str, Any]:
        outputs = tf.nest.flatten(network(pixels, training=False))
        return dict(zip(names, outputs, strict=True))

    graph = tf.function(answer, input_signature=signature, autograph=False)
    return convert_variables_to_constants_v2(graph.get_concrete_function())


def training_pixels(records: Path, targets: TargetParser, count: int) -> Iterator[Floats]:
    """Yield float32 [1, s, s, c] of the first `count` training records, which are shuffled."""
    with damage_named(records):
        for image, _, _ in read_split(records, "train", targets).take(count):
            yield image.numpy()[np.newaxis].astype(np.float32)


def convert(source: Any, *, calibration: Iterator[Floats] | None = None) -> bytes:
    """Convert a concrete function; with `calibration`, to int8 with uint8 pixels as input."""
    # The converter asks for the object that owns the variables and warns without it; a frozen
    # model has no variables.
    logging.getLogger("absl").setLevel(logging.ERROR)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([source])
    # Writing a SavedModel first and reading it again takes three times as long.
    converter.experimental_lower_to_saved_model = False
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([pixels] for pixels in calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
    with warnings.catch_warnings():
        # The converter warns that input ranges are not given; calibration finds them.
        warnings.simplefilter("ignore", UserWarning)
        return bytes(converter.convert())


class LiteRTModel:
    """A LiteRT model in memory, as a client on a phone or a small board runs it."""

    def __init__(self, path: Path, names: Sequence[str], *, num_threads: int = 2) -> None:
        """Load a model whose outputs have these names, in this order."""
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_path=str(path), num_threads=num_threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        # The converter names a function's outputs Identity, Identity_1, in the order of their keys.
        outputs = sorted(self._interpreter.get_output_details(), key=lambda one: one["name"])
        self._outputs = dict(zip(sorted(names), outputs, strict=True))

    def answer(self, pixels: Pixels) -> Arrays:
        """Return what the network gives, each [1, ...], for uint8 [s, s, c]."""
        batch: Any = pixels[np.newaxis].astype(self._input["dtype"])
        self._interpreter.set_tensor(self._input["index"], batch)
        self._interpreter.invoke()
        return {
            name: np.array(self._interpreter.get_tensor(one["index"]), dtype=np.float32)
            for name, one in self._outputs.items()
        }
