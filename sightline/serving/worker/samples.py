"""Which images of a request are kept for monitoring, and what of them."""

from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Any

import numpy as np

from sightline.serving.sampling.frames import pack
from sightline.serving.wire import Question
from sightline.stage.answering.servable import Given, Outputs

# Workers are copies of one process: any other source of chance would draw the same in each.
_chance = SystemRandom()


def samples(
    images: Sequence[bytes],
    given: Sequence[Given[Any]],
    rows: Sequence[Mapping[str, Any]],
    question: Question,
) -> list[bytes]:
    """Return samples of a share of the images."""
    return [
        pack(image, one.outputs or numbers_of(row), with_image=question.sample_images)
        for image, one, row in zip(images, given, rows, strict=True)
        if _chance.random() < question.sample
    ]


def numbers_of(row: Mapping[str, Any]) -> Outputs:
    """Return the lists of numbers in an answer, where the engine tells no more."""
    lists = {name: value for name, value in row.items() if isinstance(value, list)}
    return {name: np.asarray(value, dtype=np.float32) for name, value in lists.items()}
