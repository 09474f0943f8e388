"""The names whose probability reaches the threshold, and the probabilities of all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sightline.problems._costs.threshold import OF_EACH, THRESHOLD, thresholds_of
from sightline.problems.serving import Arrays, Sameness, differences
from sightline.problems.serving import Serving as Questions

NOTHING = "nothing"
"""What a person reads where no name is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet:
    """What the model says about one image."""

    labels: list[str]
    """Names whose probability reaches the threshold, in the order of the classes."""
    label_probabilities: list[float]
    """Their probabilities, in the same order."""
    threshold: float | None
    """None where each name has its own."""
    probabilities: list[float]
    """Of all classes, in their order."""
    thresholds: list[float] | None = None
    """Of all classes, where train chose them by what mistakes cost."""


class Serving(Questions[LabelSet]):
    """Any number of names for every image."""

    outputs = ("probabilities",)
    fields = "labels, label_probabilities, threshold (or thresholds) and probabilities"

    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        """Return `probabilities` float32 and `is_label` bool, both [n, classes]."""
        probabilities = outputs["probabilities"]
        own = np.array(thresholds_of(self.about, probabilities.shape[-1]), np.float32)
        return {**outputs, "is_label": probabilities >= own}

    def ranked(self, outputs: Mapping[str, Any], names: Any) -> Any:
        return outputs["probabilities"]

    def chances(self, answer: LabelSet, classes: Sequence[str]) -> Sequence[float]:
        return answer.probabilities

    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[LabelSet]:
        return [self._answer(row, classes) for row in outputs["probabilities"].tolist()]

    def as_json(self, answer: LabelSet) -> dict[str, Any]:
        return {name: value for name, value in asdict(answer).items() if value is not None}

    def named(self, answer: LabelSet, classes: Sequence[str]) -> dict[str, Any]:
        """Return the given names and all probabilities by name, the most likely first."""
        named = dict(zip(classes, answer.probabilities, strict=False))
        given = dict(zip(answer.labels, answer.label_probabilities, strict=True))
        # Another version, with other classes, may have gone live since the server was asked.
        if len(classes) != len(answer.probabilities):
            named = given
        return {
            "labels": _best_first(given),
            **_thresholds(answer, classes),
            "probabilities": _best_first(named),
        }

    def cells(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given names in one text, the most likely first, and a column per class."""
        return super().cells({**named, "labels": "; ".join(named["labels"])})

    def confidence(self, answer: LabelSet) -> float:
        """Return how sure the model is of the label that it is least sure of, given or not."""
        own = answer.thresholds or [answer.threshold or THRESHOLD] * len(answer.probabilities)
        return min(
            value if value >= threshold else 1 - value
            for value, threshold in zip(answer.probabilities, own, strict=True)
        )

    def from_json(self, content: Mapping[str, Any]) -> LabelSet:
        return LabelSet(**{"threshold": None, **content})

    def group(self, answer: LabelSet) -> str:
        """Return the likeliest of the given names."""
        given = dict(zip(answer.labels, answer.label_probabilities, strict=True))
        return max(given, key=given.__getitem__, default="")

    def caption(self, answer: LabelSet) -> tuple[str, str]:
        if not answer.labels:
            return NOTHING, f"highest {max(answer.probabilities):.3f}"
        given = _best_first(dict(zip(answer.labels, answer.label_probabilities, strict=True)))
        return ", ".join(given), ", ".join(f"{value:.3f}" for value in given.values())

    def same(self, expected: Sequence[LabelSet], received: Sequence[LabelSet]) -> Sameness:
        difference = differences(
            [answer.probabilities for answer in expected],
            [answer.probabilities for answer in received],
        )
        agrees = [one.labels == other.labels for one, other in zip(expected, received, strict=True)]
        return Sameness(
            agrees=np.array(agrees, dtype=bool),
            largest=difference.max(axis=1),
            mean=float(difference.mean()),
        )

    def _answer(self, row: list[float], classes: Sequence[str]) -> LabelSet:
        own = thresholds_of(self.about, len(row))
        given = [
            (name, value)
            for name, value, threshold in zip(classes, row, own, strict=True)
            if value >= threshold
        ]
        chosen = OF_EACH in self.about
        return LabelSet(
            labels=[name for name, _ in given],
            label_probabilities=[value for _, value in given],
            threshold=None if chosen else THRESHOLD,
            probabilities=row,
            thresholds=own if chosen else None,
        )


def _thresholds(answer: LabelSet, classes: Sequence[str]) -> dict[str, Any]:
    """Return the one of all names, or each by its name where they are known."""
    if answer.thresholds is None:
        return {"threshold": answer.threshold}
    if len(classes) != len(answer.thresholds):
        return {}
    return {"thresholds": dict(zip(classes, answer.thresholds, strict=True))}


def _best_first(named: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(named.items(), key=lambda item: -item[1]))
