"""A SavedModel in memory that answers image files; what export tests, deploy and serving share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from sightline.ground.errors import DataError
from sightline.ground.models.signatures import FROM_FILES, FROM_PIXELS
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.imaging.kinds.rule import refusal
from sightline.stage.parallel import map_ordered
from sightline.stage.tensorflow_import import import_tensorflow

Answer = TypeVar("Answer")
Outputs = dict[str, np.ndarray[Any, np.dtype[np.float32]]]
"""What a network gives, by the names of its outputs."""


class Reader(Protocol[Answer]):
    """Makes an answer per image of a model's outputs [n, ...]."""

    def read(
        self, outputs: Mapping[str, np.ndarray[Any, Any]], classes: Sequence[str]
    ) -> list[Answer]: ...


class ImageError(DataError):
    """An image file that does not decode."""


@dataclass(frozen=True, slots=True)
class Given(Generic[Answer]):
    """The problem's answer to an image, and what the network gave for it."""

    answer: Answer
    outputs: Outputs = field(default_factory=dict)
    """Without the first axis; empty where the engine does not tell."""


class Servable(Generic[Answer]):
    """Load a SavedModel and answer image files as every process of ours does: decoded by Pillow.

    Calls from several threads are safe and run side by side.
    """

    def __init__(
        self,
        folder: Path,
        reader: Reader[Answer],
        classes: Sequence[str],
        contract: PreprocessingContract,
    ) -> None:
        """Load the SavedModel in `folder`; the reader makes an answer per image of its outputs.

        Raises:
            DataError: it does not load, or does not answer as export's SavedModels do.
        """
        self._reader, self._classes, self._contract = reader, tuple(classes), contract
        # TensorFlow takes seconds to import: only who loads a model pays for it.
        import_tensorflow()
        import tensorflow as tf

        self._tensorflow = tf
        try:
            # The loaded object owns the variables; the signatures only refer to them.
            self._model = tf.saved_model.load(str(folder))
            self.signatures: dict[str, Any] = dict(self._model.signatures)
            self._answer_files = self.signatures[FROM_FILES]
        except Exception as error:
            raise DataError(
                f"{folder}: expected a SavedModel with the signature {FROM_FILES}, received "
                f"{type(error).__name__}: {str(error)[:300].rstrip('.')}. Export the model again."
            ) from error
        # Bundles of older versions have none.
        self._takes_pixels = FROM_PIXELS in self.signatures

    def answer(self, images: Sequence[bytes]) -> list[Answer]:
        """Answer image files given as bytes.

        Raises:
            ImageError: one of them does not decode.
        """
        if not self._takes_pixels:
            return self.answer_by_graph(images)
        prepare = partial(preprocess, contract=self._contract)
        try:
            pixels = list(map_ordered(prepare, images)) if images[1:] else [prepare(images[0])]
        except DataError as error:
            raise ImageError(str(error)) from error
        return self.answer_pixels(pixels)

    def answer_pixels(self, pixels: Sequence[Pixels]) -> list[Answer]:
        """Answer images that were decoded by the contract, each uint8 [s, s, c]."""
        batch = self._tensorflow.constant(np.stack(pixels))
        return self._read(self.signatures[FROM_PIXELS](pixels=batch))

    def answer_by_graph(self, images: Sequence[bytes]) -> list[Answer]:
        """Answer image files as other servers do: decoded inside the SavedModel.

        Raises:
            ImageError: one of them is of a kind that TensorFlow does not decode as Pillow does,
                or does not decode.
        """
        has_range = self._contract.value_range is not None
        for image in images:
            # Bundles of older versions do not hold the rule, and some kinds end the process.
            if reason := refusal(image, has_range=has_range):
                raise ImageError(
                    "Expected an image file that TensorFlow decodes as Pillow does, but "
                    f"{reason}. Convert it to JPEG or PNG with 8 bits a sample."
                )
        tf = self._tensorflow
        try:
            outputs = self._answer_files(image_bytes=tf.constant(list(images), tf.string))
        except tf.errors.InvalidArgumentError as error:
            raise ImageError(
                "Expected JPEG, PNG, GIF, BMP or WebP files, received one that does not decode "
                f"({first_line(error)}). Send whole files."
            ) from error
        return self._read(outputs)

    def _read(self, outputs: Mapping[str, Any]) -> list[Answer]:
        arrays = {name: tensor.numpy() for name, tensor in outputs.items()}
        return self._reader.read(arrays, self._classes)


def first_line(error: Exception) -> str:
    """Return the sentence of a TensorFlow error without the graph that it carries."""
    text = str(getattr(error, "message", error)).strip()
    lines = [line.strip() for line in text.splitlines()]
    # Errors inside a graph start with the traceback of the graph's definition.
    told = [line for line in lines if "{{node" not in line and not line.startswith("File ")]
    return next((line for line in reversed(told) if line), type(error).__name__)[:200]
