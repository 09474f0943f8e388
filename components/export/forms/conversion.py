"""Write a network in every form that a bundle shall have, as far as it and the machine allow."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from components.export.forms.int8 import quantize
from sightline.ground.errors import DataError, one_line
from sightline.ground.models.formats import LITERT, LITERT_FLOAT16, LITERT_INT8, ONNX
from sightline.stage import log
from sightline.stage.answering.engine import BY_ENGINE
from sightline.stage.conversion.graph import FrozenGraph
from sightline.stage.conversion.litert import convert, named
from sightline.stage.imaging.arrays import Floats
from sightline.stage.timing import writing

LeftOut = dict[str, str]
"""Engine -> why the bundle does without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a form is made of."""

    frozen: FrozenGraph
    outputs: tuple[str, ...]
    """Names of what the network gives, in its order; one more is the embedding."""
    litert: bytes = b""
    """The LiteRT model in floats; empty where there is none."""
    calibration: Callable[[], Iterator[Floats]] = lambda: iter(())
    """Gives training images, float32 [1, s, s, c]."""


def write_formats(source: Source, bundle: Path, wanted: Sequence[str]) -> LeftOut:
    """Write LiteRT in floats and the wanted forms; return which are left out, and why.

    All take pixels of the contract, values 0 to 255, [1, s, s, c], and return what the network
    gives, such as probabilities float32 [1, classes], and the embedding, float32 [1, d].
    """
    left_out: LeftOut = {}
    made = _attempt(LITERT, lambda: _litert(source), bundle, left_out)
    return left_out | write_further(replace(source, litert=made), bundle, wanted)


def write_further(source: Source, bundle: Path, wanted: Sequence[str]) -> LeftOut:
    """Write the wanted forms alone; return which are left out, and why."""
    left_out: LeftOut = {}
    for engine in dict.fromkeys(wanted):
        _attempt(engine, lambda make=WRITERS[engine]: make(source), bundle, left_out)  # type: ignore[misc]
    return left_out


def leave_out(left_out: LeftOut, engine: str, reason: str) -> None:
    """Note why the bundle does without an engine, and warn of it."""
    left_out[engine] = reason
    log.event("left out a model", model=engine, reason=reason)


def _attempt(engine: str, make: Callable[[], bytes], bundle: Path, left_out: LeftOut) -> bytes:
    form = BY_ENGINE[engine]
    try:
        made = make()
    except DataError:
        raise
    except Exception as error:  # converters raise what they like on what they do not know
        tool = "ONNX" if engine == ONNX else "LiteRT"
        leave_out(left_out, engine, f"{tool} does not convert this network: {one_line(error)}")
        return b""
    with writing():
        (bundle / form.file).write_bytes(made)
    return made


def _litert(source: Source) -> bytes:
    return named(convert(source.frozen), source.outputs)


def _float16(source: Source) -> bytes:
    return named(convert(source.frozen, float16=True), source.outputs)


def _int8(source: Source) -> bytes:
    if not source.litert:
        raise ValueError("int8 is made of LiteRT in floats, which there is none of")
    return named(quantize(source.litert, source.calibration()), source.outputs)


def _onnx(source: Source) -> bytes:
    from components.export.forms.onnx import to_onnx

    return to_onnx(source.frozen, source.outputs)


WRITERS: dict[str, Callable[[Source], bytes]] = {
    LITERT_FLOAT16: _float16,
    LITERT_INT8: _int8,
    ONNX: _onnx,
}
