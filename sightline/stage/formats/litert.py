"""A LiteRT model in memory that answers pixels; what export measures and servers answer with."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Generic

import numpy as np

from sightline.ground.errors import DataError
from sightline.stage.formats.servable import FROM_PIXELS, Answer, Given, ImageError, Outputs, Reader
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract

FLOAT_FILE = "model.tflite"
INT8_FILE = "model_int8.tflite"
PIXELS = "pixels"
EMBEDDING = "embedding"
"""What the head sees of an image, float32 [1, d], beside what the kind of problem answers."""


class LiteRTModel:
    """A model that answers one image at a time, in this process, without TensorFlow.

    It maps its file: processes share the weights as far as LiteRT's kernels do not repack them.
    One thread at a time may ask it.
    """

    def __init__(self, path: Path, *, num_threads: int = 1) -> None:
        """Load a model that export wrote.

        Raises:
            DataError: it does not load, or does not name its outputs.
        """
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=num_threads)
            self._interpreter.allocate_tensors()
            # Asked by tensors, not through the runner, which lays them out anew for every image.
            named = self._interpreter.get_signature_runner(FROM_PIXELS)
            self._input = named.get_input_details()[PIXELS]
            self._outputs = {name: one["index"] for name, one in named.get_output_details().items()}
        except (ValueError, RuntimeError, KeyError) as error:
            raise DataError(
                f"{path}: expected a LiteRT model with the signature {FROM_PIXELS}, received "
                f"{type(error).__name__}: {str(error)[:300].rstrip('.')}. Export the model again."
            ) from error

    @property
    def outputs(self) -> Sequence[str]:
        """Return the names of what the model gives."""
        return tuple(self._outputs)

    def answer(self, pixels: Pixels) -> Outputs:
        """Return what the network gives, each [1, ...], for uint8 [s, s, c]."""
        batch: Any = pixels[np.newaxis].astype(self._input["dtype"])
        self._interpreter.set_tensor(self._input["index"], batch)
        self._interpreter.invoke()
        return {
            name: np.asarray(self._interpreter.get_tensor(index), dtype=np.float32)
            for name, index in self._outputs.items()
        }


class LiteRTServable(Generic[Answer]):
    """Answer image files, decoded by Pillow, with a LiteRT model.

    Calls from several threads are safe and run side by side. The interpreter for one core has no
    threads, so it stays whole in processes that are forked from the one that made it; others are
    made where they are called.
    """

    def __init__(
        self,
        path: Path,
        reader: Reader[Answer],
        classes: Sequence[str],
        contract: PreprocessingContract,
    ) -> None:
        """Load a model that export wrote; the reader makes an answer per image of its outputs.

        Raises:
            DataError: it does not load, or does not name its outputs.
        """
        self._path, self._reader = path, reader
        self._classes, self._contract = tuple(classes), contract
        self._idle: dict[int, list[LiteRTModel]] = defaultdict(list)
        self._idle[1].append(LiteRTModel(path))

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
            model = LiteRTModel(self._path, num_threads=threads)
        outputs = model.answer(pixels)
        idle.append(model)
        answer = self._reader.read(outputs, self._classes)[0]
        return Given(answer, {name: values[0] for name, values in outputs.items()})
