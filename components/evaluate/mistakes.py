"""Where a model is most wrong: the pictures worth looking at."""

import heapq
import itertools
from collections.abc import Sequence
from typing import Any

from sightline.problems.judging import Mistake


class MistakeGallery:
    """Keep the pixels of the worst mistakes only, whatever the number of images."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # The id decides between equal mistakes, and the order between copies of one image, so that
        # mistakes are never compared.
        self._heap: list[tuple[float, str, int, Mistake]] = []
        self._count = itertools.count()

    def add(
        self,
        ids: Sequence[str],
        truth: Sequence[Any],
        answers: Sequence[Any],
        wrongness: Sequence[float | None],
        images: Any,
    ) -> None:
        """Look through a batch; `images` is a uint8 tensor [n, side, side, channels]."""
        for row, wrong in enumerate(wrongness):
            if wrong is None or not self._belongs(wrong, ids[row]):
                continue
            mistake = Mistake(
                id=ids[row],
                truth=truth[row],
                answer=answers[row],
                wrongness=wrong,
                pixels=images[row].numpy(),
            )
            heapq.heappush(self._heap, (wrong, ids[row], next(self._count), mistake))
            if len(self._heap) > self._limit:
                heapq.heappop(self._heap)

    def _belongs(self, wrong: float, id: str) -> bool:
        if len(self._heap) < self._limit:
            return True
        return self._limit > 0 and (wrong, id) > self._heap[0][:2]

    def mistakes(self) -> tuple[Mistake, ...]:
        """Return them, the worst first."""
        ordered = sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))
        return tuple(mistake for *_, mistake in ordered)
