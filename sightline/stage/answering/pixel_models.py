"""Models in memory that take pixels: what export measures and servers answer with."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol

import numpy as np

from sightline.ground.errors import DataError
from sightline.ground.models.formats import ONNX
from sightline.stage.answering.litert import PIXELS, LiteRTModel
from sightline.stage.answering.servable import Answer, Given, ImageError, Outputs, Reader
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract


class PixelModel(Protocol):
    """A model that answers one image at a time; one thread at a time may ask it."""

    @property
    def outputs(self) -> Sequence[str]: ...

    def answer(self, pixels: Pixels) -> Outputs: ...


class OnnxModel:
    """An ONNX model that export wrote, answered by ONNX Runtime in this process."""

    def __init__(self, path: Path, *, num_threads: int = 1) -> None:
        """Load it.

        Raises:
            DataError: it does not load, or does not take pixels.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = num_threads, 1
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            (given,) = self._session.get_inputs()
            if given.name != PIXELS:
                raise ValueError(f"it takes {given.name!r}")
        except Exception as error:  # ONNX Runtime has no class of errors of its own
            raise DataError(
                f"{path}: expected an ONNX model that takes {PIXELS!r}, received "
                f"{type(error).__name__}: {str(error)[:300].rstrip('.')}. Export the model again."
            ) from error

    @property
    def outputs(self) -> Sequence[str]:
        """Return the names of what the model gives."""
        return tuple(one.name for one in self._session.get_outputs())

    def answer(self, pixels: Pixels) -> Outputs:
        """Return what the network gives, each [1, ...], for uint8 [s, s, c]."""
        batch: Any = pixels[np.newaxis].astype(np.float32)
        return dict(zip(self.outputs, self._session.run(None, {PIXELS: batch}), strict=True))


def open_model(engine: str, path: Path, *, num_threads: int = 1) -> PixelModel:
    """Load the file of an engine that takes pixels.

    Raises:
        DataError: it does not load.
    """
    opened = OnnxModel if engine == ONNX else LiteRTModel
    return opened(path, num_threads=num_threads)


class PixelServable(Generic[Answer]):
    """Answer image files, decoded by Pillow, with a model that takes pixels.

    Calls from several threads are safe and run side by side. A model for one core has no threads,
    so it stays whole in processes that are forked from the one that made it; others are made where
    they are called.
    """

    def __init__(
        self,
        engine: str,
        path: Path,
        reader: Reader[Answer],
        classes: Sequence[str],
        contract: PreprocessingContract,
    ) -> None:
        """Load a model that export wrote for an engine; the reader makes answers of its outputs.

        Raises:
            DataError: it does not load, or does not name its outputs.
        """
        self._open = partial(open_model, engine, path)
        self._reader = reader
        self._classes, self._contract = tuple(classes), contract
        self._idle: dict[int, list[PixelModel]] = defaultdict(list)
        self._idle[1].append(self._open())

    def give(self, images: Sequence[bytes], threads: int = 1) -> list[Given[Answer]]:
        """Answer image files given as bytes, one after the other, with so many cores at work.

        Raises:
            ImageError: one of them does not decode.
        """
        return [self._give(image, threads) for image in images]

    def _give(self, image: bytes, threads: int) -> Given[Answer]:
        try:
            pixels = preprocess(image, self._contract)
        except DataError as error:
            raise ImageError(str(error)) from error
        idle = self._idle[threads]
        try:
            model = idle.pop()
        except IndexError:
            model = self._open(num_threads=threads)
        outputs = model.answer(pixels)
        idle.append(model)
        answer = self._reader.read(outputs, self._classes)[0]
        return Given(answer, {name: values[0] for name, values in outputs.items()})
