"""The labels above one half, and the probabilities of all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sightline.problems.serving import Arrays, Sameness
from sightline.problems.serving import Serving as Questions

THRESHOLD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """What the model says about one image."""

    labels: list[str]
    probabilities: list[float]


class Serving(Questions[LabelSet]):
    """Any number of classes for every image."""

    outputs = ("probabilities",)
    fields = "labels and probabilities"

    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        return {**outputs, "is_label": outputs["probabilities"] >= THRESHOLD}

    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[LabelSet]:
        return [
            LabelSet(
                labels=[name for name, p in zip(classes, row, strict=True) if p >= THRESHOLD],
                probabilities=row,
            )
            for row in outputs["probabilities"].tolist()
        ]

    def as_json(self, answer: LabelSet) -> dict[str, Any]:
        return asdict(answer)

    def named(self, answer: LabelSet, classes: Sequence[str]) -> dict[str, Any]:
        named = zip(classes, answer.probabilities, strict=bool(classes))
        return {"labels": answer.labels, "probabilities": dict(named)}

    def from_json(self, content: Mapping[str, Any]) -> LabelSet:
        return LabelSet(**content)

    def group(self, answer: LabelSet) -> str:
        return "+".join(answer.labels)

    def caption(self, answer: LabelSet) -> tuple[str, str]:
        return ", ".join(answer.labels) or "nothing", f"{max(answer.probabilities):.3f}"

    def same(self, expected: Sequence[LabelSet], received: Sequence[LabelSet]) -> Sameness:
        first, second = (
            np.array([answer.probabilities for answer in answers], dtype=np.float32)
            for answers in (expected, received)
        )
        difference = np.abs(first - second)
        agrees = [one.labels == other.labels for one, other in zip(expected, received, strict=True)]
        return Sameness(np.array(agrees), difference.max(axis=1), float(difference.mean()))
