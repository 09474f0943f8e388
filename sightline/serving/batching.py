"""Answer image files with one call of the model for several, whatever some of them are."""

from collections.abc import Sequence
from typing import Any, Protocol

from sightline.stage.formats.servable import ImageError

MAX_BATCH = 8


class Answering(Protocol):
    """What can answer a batch of image files, such as a `Servable`."""

    def answer(self, images: Sequence[bytes]) -> list[Any]: ...


Result = Any
"""An answer of the model's kind of problem, or an ImageError."""


def answer_each(model: Answering, images: Sequence[bytes]) -> list[Result]:
    """Return a result per image; one that does not decode has no influence on the others."""
    results: list[Result] = []
    for start in range(0, len(images), MAX_BATCH):
        part = images[start : start + MAX_BATCH]
        try:
            results += model.answer(part)
        except ImageError as error:
            if len(part) == 1:
                results.append(error)
            else:
                results += [result for image in part for result in answer_each(model, [image])]
    return results
