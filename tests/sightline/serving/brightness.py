"""A model in a few lines that answers real image files, so that tests need no TensorFlow."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.problems.classification.serving import Prediction
from sightline.serving.versions import LoadedVersion
from sightline.stage.formats.servable import ImageError
from sightline.stage.imaging.arrays import decode

CLASSES = ("dark", "light")
PROBLEM = problem_of("classification")


class Brightness:
    """Call an image light by its mean brightness; note the size of every batch."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def answer(self, images: Sequence[bytes]) -> list[Prediction]:
        self.batches.append(len(images))
        self.gate.wait(30)
        try:
            light = np.array([decode(image).mean() / 255 for image in images], dtype=np.float32)
        except DataError as error:
            raise ImageError(str(error)) from error
        probabilities = np.stack([1 - light, light], axis=1)
        outputs = {"probabilities": probabilities}
        found: list[Prediction] = PROBLEM.serving.read(outputs, CLASSES)
        return found


def load_brightness(folder: Path, number: int) -> LoadedVersion:
    """Load a version whose folder may hold the file `broken`."""
    if (folder / str(number) / "broken").exists():
        raise DataError(f"version {number} is broken")
    return LoadedVersion(
        number=number,
        model=Brightness(),
        problem=PROBLEM,
        model_name="flowers",
        classes=CLASSES,
        signatures={"serving_default": {}},
    )
