"""A SavedModel in memory that answers image files; what export tests, deploy and serving share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from sightline.ground.errors import DataError
from sightline.stage.tensorflow_import import import_tensorflow

Answer = TypeVar("Answer")


class Reader(Protocol[Answer]):
    """Makes an answer per image of a model's outputs [n, ...]."""

    def read(
        self, outputs: Mapping[str, np.ndarray[Any, Any]], classes: Sequence[str]
    ) -> list[Answer]: ...


class ImageError(DataError):
    """An image file that the serving graph cannot decode."""


class Servable(Generic[Answer]):
    """Load a SavedModel and call its `serving_default` and `from_files` signatures.

    Calls from several threads are safe and run side by side.
    """

    def __init__(self, folder: Path, reader: Reader[Answer], classes: Sequence[str]) -> None:
        """Load the SavedModel in `folder`; the reader makes an answer per image of its outputs.

        Raises:
            DataError: it does not load, or does not answer as export's SavedModels do.
        """
        self._reader, self._classes = reader, tuple(classes)
        # TensorFlow takes seconds to import: only who loads a model pays for it.
        import_tensorflow()
        import tensorflow as tf

        self._tensorflow = tf
        try:
            # The loaded object owns the variables; the signatures only refer to them.
            self._model = tf.saved_model.load(str(folder))
            self.signatures: dict[str, Any] = dict(self._model.signatures)
            self._answer = self.signatures["serving_default"]
            self._answer_files = self.signatures["from_files"]
        except Exception as error:
            raise DataError(
                f"{folder}: expected a SavedModel with the signatures serving_default and "
                f"from_files, received {type(error).__name__}: {str(error)[:300]}. "
                "Export the model again."
            ) from error

    def answer(self, images: Sequence[bytes]) -> list[Answer]:
        """Answer image files given as bytes.

        Raises:
            ImageError: one of them does not decode.
        """
        return self._call(self._answer, image_bytes=list(images))

    def answer_files(self, paths: Sequence[str]) -> list[Answer]:
        """Answer image files given by name; TensorFlow opens them.

        Raises:
            ImageError: one of them cannot be read or decoded.
        """
        return self._call(self._answer_files, file_names=list(paths))

    def _call(self, signature: Any, **inputs: Any) -> list[Answer]:
        tf = self._tensorflow
        tensors = {name: tf.constant(value, tf.string) for name, value in inputs.items()}
        try:
            outputs = signature(**tensors)
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
            raise ImageError(
                f"Expected {', '.join(inputs)} to be JPEG, PNG, GIF, BMP or WebP files, "
                f"received one that does not decode ({first_line(error)}). Send whole files."
            ) from error
        arrays = {name: tensor.numpy() for name, tensor in outputs.items()}
        return self._reader.read(arrays, self._classes)


def first_line(error: Exception) -> str:
    """Return the sentence of a TensorFlow error without the graph that it carries."""
    text = str(getattr(error, "message", error)).strip()
    lines = [line.strip() for line in text.splitlines()]
    # Errors inside a graph start with the traceback of the graph's definition.
    told = [line for line in lines if "{{node" not in line and not line.startswith("File ")]
    return next((line for line in reversed(told) if line), type(error).__name__)[:200]
