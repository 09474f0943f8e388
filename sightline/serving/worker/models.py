"""What answers an image file in a worker: LiteRT, or TensorFlow for bundles without it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sightline.problems.serving import Serving
from sightline.stage.formats.litert import LiteRTModel, Outputs
from sightline.stage.formats.servable import Servable
from sightline.stage.imaging.arrays import preprocess
from sightline.stage.imaging.contract import PreprocessingContract


@dataclass(frozen=True, slots=True)
class Given:
    """The problem's answer to an image, and what the network gave for it."""

    answer: Any
    outputs: Outputs = field(default_factory=dict)
    """Without the first axis; empty where the engine does not tell."""


class Model(Protocol):
    """A model in memory."""

    def answer(self, image: bytes, threads: int) -> Given:
        """Answer an image file, with so many cores at work.

        Raises:
            DataError: it does not decode.
        """


class LiteRT:
    """Decode with Pillow, answer with LiteRT.

    The interpreter for one core has no threads, so it stays whole in processes that are forked
    from the one that made it; those for more cores are made where they are called.
    """

    def __init__(
        self,
        path: Path,
        serving: Serving[Any],
        classes: Sequence[str],
        contract: PreprocessingContract,
    ) -> None:
        self._path, self._serving = path, serving
        self._classes, self._contract = classes, contract
        self._models = {1: self._load(1)}

    def answer(self, image: bytes, threads: int) -> Given:
        pixels = preprocess(image, self._contract)
        if threads not in self._models:
            self._models[threads] = self._load(threads)
        outputs = self._models[threads].answer(pixels)
        answer = self._serving.read(outputs, self._classes)[0]
        return Given(answer, {name: values[0] for name, values in outputs.items()})

    def _load(self, threads: int) -> LiteRTModel:
        return LiteRTModel(self._path, num_threads=threads)


class TensorFlow:
    """Answer with the SavedModel, on all cores whatever is asked."""

    def __init__(self, servable: Servable[Any]) -> None:
        self._servable = servable

    def answer(self, image: bytes, threads: int) -> Given:
        return Given(self._servable.answer([image])[0])
