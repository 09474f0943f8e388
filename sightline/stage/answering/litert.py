"""A LiteRT model in memory that answers pixels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sightline.ground.errors import DataError
from sightline.ground.models.signatures import FROM_PIXELS
from sightline.stage.answering.servable import Outputs
from sightline.stage.imaging.arrays import Pixels

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
