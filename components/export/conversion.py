"""Write the LiteRT models of a bundle, as far as this network and this machine allow."""

from collections.abc import Callable
from pathlib import Path

from components.export.litert import quantize, training_pixels
from sightline.ground.errors import DataError, one_line
from sightline.problems import Problem
from sightline.stage import log
from sightline.stage.conversion.graph import FrozenGraph
from sightline.stage.conversion.litert import convert, named
from sightline.stage.formats.engine import LITERT, LITERT_INT8
from sightline.stage.formats.litert import FLOAT_FILE, INT8_FILE
from sightline.stage.timing import writing

LeftOut = dict[str, str]
"""Engine -> why the bundle does without it."""


def write_litert(
    frozen: FrozenGraph, bundle: Path, problem: Problem, *, records: Path, calibration_images: int
) -> LeftOut:
    """Write `model.tflite` and, with calibration images, `model_int8.tflite`.

    Both take pixels of the contract, values 0 to 255, [1, s, s, c]: the first as float32, the
    second as uint8. Both return what the network gives, such as probabilities float32
    [1, classes], and the embedding, float32 [1, d].
    """
    outputs = problem.serving.outputs
    left_out: LeftOut = {}
    model = _attempt(LITERT, lambda: convert(frozen), left_out)
    if model is None:
        return left_out
    _write(bundle / FLOAT_FILE, named(model, outputs))
    if not calibration_images:
        return left_out
    pixels = training_pixels(records, problem.targets, calibration_images)
    quantized = _attempt(LITERT_INT8, lambda: quantize(model, pixels), left_out)
    if quantized is not None:
        _write(bundle / INT8_FILE, named(quantized, outputs))
    return left_out


def leave_out(left_out: LeftOut, engine: str, reason: str) -> None:
    """Note why the bundle does without an engine, and warn of it."""
    left_out[engine] = reason
    log.event("left out a model", model=engine, reason=reason)


def _attempt(engine: str, make: Callable[[], bytes], left_out: LeftOut) -> bytes | None:
    try:
        return make()
    except DataError:
        raise
    except Exception as error:  # converters raise what they like on what they do not know
        leave_out(left_out, engine, f"LiteRT does not convert this network: {one_line(error)}")
        return None


def _write(path: Path, content: bytes) -> None:
    with writing():
        path.write_bytes(content)
