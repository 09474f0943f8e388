"""Where a model is most confidently wrong: the pictures worth looking at."""

import heapq
from dataclasses import dataclass
from typing import Any

from sightline.stage.formats.evaluation import Floats, Integers
from sightline.stage.imaging.arrays import Pixels


@dataclass(frozen=True, slots=True)
class Mistake:
    """A test image that the model gives another class."""

    id: str
    truth: int
    prediction: int
    confidence: float
    pixels: Pixels


class MistakeGallery:
    """Keep the pixels of the most confident mistakes only, whatever the number of images."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # The id decides between equal confidences, so that mistakes are never compared.
        self._heap: list[tuple[float, str, Mistake]] = []

    def add(self, ids: list[str], truth: Integers, probabilities: Floats, images: Any) -> None:
        """Look through a batch; `images` is a uint8 tensor [n, side, side, channels]."""
        predicted = probabilities.argmax(axis=1)
        for row in (predicted != truth).nonzero()[0].tolist():
            confidence = float(probabilities[row, predicted[row]])
            if not self._belongs(confidence, ids[row]):
                continue
            mistake = Mistake(
                id=ids[row],
                truth=int(truth[row]),
                prediction=int(predicted[row]),
                confidence=confidence,
                pixels=images[row].numpy(),
            )
            heapq.heappush(self._heap, (confidence, ids[row], mistake))
            if len(self._heap) > self._limit:
                heapq.heappop(self._heap)

    def _belongs(self, confidence: float, id: str) -> bool:
        if len(self._heap) < self._limit:
            return True
        return self._limit > 0 and (confidence, id) > self._heap[0][:2]

    def mistakes(self) -> tuple[Mistake, ...]:
        """Return them, most confident first."""
        ordered = sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))
        return tuple(mistake for _, _, mistake in ordered)
