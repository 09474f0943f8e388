"""The boxes that stand out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sightline.problems.serving import Arrays, Sameness
from sightline.problems.serving import Serving as Questions

LEAST_SCORE = 0.3
SAME_THING = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """What the model finds in one image; the lists are as long as there are things."""

    boxes: list[list[float]]
    classes: list[str]
    scores: list[float]


class Serving(Questions[Things]):
    """A box and a class for every thing."""

    outputs = ("cells",)
    fields = "boxes, classes and scores"

    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        return dict(outputs)

    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[Things]:
        return [
            Things(
                boxes=found[:, :4].tolist(),
                classes=[classes[int(index)] for index in found[:, 4]],
                scores=found[:, 5].tolist(),
            )
            for found in map(find, outputs["cells"])
        ]

    def as_json(self, answer: Things) -> dict[str, Any]:
        return asdict(answer)

    def named(self, answer: Things, classes: Sequence[str]) -> dict[str, Any]:
        return asdict(answer)

    def from_json(self, content: Mapping[str, Any]) -> Things:
        return Things(**content)

    def group(self, answer: Things) -> str:
        return "+".join(sorted(set(answer.classes)))

    def caption(self, answer: Things) -> tuple[str, str]:
        return ", ".join(answer.classes) or "nothing", f"{len(answer.boxes)} boxes"

    def same(self, expected: Sequence[Things], received: Sequence[Things]) -> Sameness:
        gaps = [distance(one, other) for one, other in zip(expected, received, strict=True)]
        largest = np.array([max(gap, default=0.0) for gap in gaps])
        numbers = [value for gap in gaps for value in gap]
        return Sameness(np.isfinite(largest), largest, float(np.mean(numbers or [0.0])))


def find(cells: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return edges, class and score [things, 6] of uint or float cells [h, w, 4 + classes]."""
    flat = cells.reshape(-1, cells.shape[-1])
    score, kind = flat[:, 4:].max(axis=1), flat[:, 4:].argmax(axis=1)
    rows = np.column_stack([flat[:, :4], kind, score])
    kept: list[np.ndarray[Any, Any]] = []
    for row in rows[np.argsort(-score, kind="stable")]:
        if row[5] >= LEAST_SCORE and all(overlap(row, one) < SAME_THING for one in kept):
            kept.append(row)
    return np.array(kept).reshape(-1, 6)


def overlap(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Return intersection over union of two boxes."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:4], other[2:4])
    shared = float(np.prod(np.maximum(high - low, 0)))
    total = sum(float(np.prod(np.maximum(box[2:4] - box[:2], 0))) for box in (one, other))
    return shared / (total - shared) if total > shared else 0.0


def distance(one: Things, other: Things) -> list[float]:
    """Return the differences of all numbers of two answers; infinite where things are missing.

    Things are paired by their middles: two cells may swap their order by a rounding error.
    """
    if sorted(one.classes) != sorted(other.classes):
        return [float("inf")]

    def ordered(things: Things) -> np.ndarray[Any, Any]:
        rows = zip(things.classes, things.boxes, things.scores, strict=True)
        return np.array([[*box, score] for _, box, score in sorted(rows)]).reshape(-1, 5)

    return [float(value) for value in np.abs(ordered(one) - ordered(other)).ravel()]
