"""A model in a few lines that answers real image files, so that tests need no TensorFlow."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sightline.ground.errors import DataError
from sightline.serving.versions import LoadedVersion
from sightline.stage.formats.servable import Answers, ImageError
from sightline.stage.imaging.arrays import decode

CLASSES = ("dark", "light")


class Brightness:
    """Call an image light by its mean brightness; note the size of every batch."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def answer(self, images: Sequence[bytes]) -> Answers:
        self.batches.append(len(images))
        self.gate.wait(30)
        try:
            light = np.array([decode(image).mean() / 255 for image in images], dtype=np.float32)
        except DataError as error:
            raise ImageError(str(error)) from error
        probabilities = np.stack([1 - light, light], axis=1)
        index = probabilities.argmax(axis=1).tolist()
        return Answers(
            probabilities=probabilities,
            class_index=index,
            class_name=[CLASSES[i] for i in index],
            probability=probabilities.max(axis=1).tolist(),
        )


def load_brightness(folder: Path, number: int) -> LoadedVersion:
    """Load a version whose folder may hold the file `broken`."""
    if (folder / str(number) / "broken").exists():
        raise DataError(f"version {number} is broken")
    return LoadedVersion(
        number=number,
        model=Brightness(),
        model_name="flowers",
        classes=CLASSES,
        signatures={"serving_default": {}},
    )
