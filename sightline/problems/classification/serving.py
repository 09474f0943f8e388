"""One class with its probability, and the probabilities of all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sightline.problems._costs.choice import Choice
from sightline.problems.serving import Arrays, Sameness, differences
from sightline.problems.serving import Serving as Questions

UNSURE = "unsure"
"""What a person reads where an answer is rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says about one image."""

    class_index: int
    class_name: str
    probability: float
    probabilities: list[float]
    is_rejected: bool | None = None
    """Whether it is too unsure to count; None where train was told no cost of rejecting."""
    reject_below: float | None = None
    """The probability below which it is."""
    expected_cost: float | None = None
    """What this answer costs on average; None where train was told no `cost_table`."""


class Serving(Questions[Prediction]):
    """One class for every image."""

    outputs = ("probabilities",)
    fields = "class_index, class_name, probability and probabilities"

    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        """Return four tensors, and `is_rejected` bool [n] where unsure answers are rejected.

        `probability` float32 [n], `class_index` int64 [n], `class_name` string [n] and
        `probabilities` float32 [n, classes].
        """
        import tensorflow as tf

        probabilities = outputs["probabilities"]
        index, sureness, is_rejected = Choice.of(self.about).in_graph(probabilities)
        return {
            **({} if is_rejected is None else {"is_rejected": is_rejected}),
            "probability": sureness,
            "class_index": index,
            "class_name": tf.gather(names, index),
            "probabilities": probabilities,
        }

    def ranked(self, outputs: Mapping[str, Any], names: Any) -> Any:
        return outputs["probabilities"]

    def chances(self, answer: Prediction, classes: Sequence[str]) -> Sequence[float]:
        return answer.probabilities

    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[Prediction]:
        choice, rows = Choice.of(self.about), outputs["probabilities"]
        best, rejected = choice.index(rows).tolist(), choice.is_rejected(rows)
        named = [classes[index] for index in best]
        if "class_name" in outputs:
            best = outputs["class_index"].tolist()
            named = [name.decode() for name in outputs["class_name"].tolist()]
        rejected = outputs.get("is_rejected", rejected)
        counts = [None] * len(best) if rejected is None else rejected.tolist()
        expected = choice.expected_cost(rows)
        costs = [None] * len(best) if expected is None else expected.tolist()
        return [
            Prediction(
                class_index=index,
                class_name=name,
                probability=row[index],
                probabilities=row,
                is_rejected=is_rejected,
                reject_below=choice.reject_below,
                expected_cost=cost,
            )
            for index, name, row, is_rejected, cost in zip(
                best, named, rows.tolist(), counts, costs, strict=True
            )
        ]

    def as_json(self, answer: Prediction) -> dict[str, Any]:
        return {name: value for name, value in asdict(answer).items() if value is not None}

    def named(self, answer: Prediction, classes: Sequence[str]) -> dict[str, Any]:
        """Return the probabilities by class name, best first."""
        named = dict(zip(classes, answer.probabilities, strict=False))
        # Another version, with other classes, may have gone live since the server was asked.
        if len(classes) != len(answer.probabilities):
            named = {answer.class_name: answer.probability}
        return {
            "class_name": answer.class_name,
            "class_index": answer.class_index,
            "probability": answer.probability,
            **_by_cost(answer),
            "probabilities": dict(sorted(named.items(), key=lambda item: -item[1])),
        }

    def confidence(self, answer: Prediction) -> float:
        return answer.probability

    def from_json(self, content: Mapping[str, Any]) -> Prediction:
        # Golden requests of older bundles leave the probability of the named class to its index.
        probabilities = content["probabilities"]
        own = {"probability": probabilities[content["class_index"]]}
        return Prediction(**{**own, **content})

    def group(self, answer: Prediction) -> str:
        return answer.class_name

    def caption(self, answer: Prediction) -> tuple[str, str]:
        name = f"{UNSURE} ({answer.class_name})" if answer.is_rejected else answer.class_name
        return name, f"{answer.probability:.3f}"

    def same(self, expected: Sequence[Prediction], received: Sequence[Prediction]) -> Sameness:
        difference = differences(
            [answer.probabilities for answer in expected],
            [answer.probabilities for answer in received],
        )
        return Sameness(
            agrees=np.array(
                [
                    one.class_index == other.class_index and one.is_rejected == other.is_rejected
                    for one, other in zip(expected, received, strict=True)
                ],
                dtype=bool,
            ),
            largest=difference.max(axis=1),
            mean=float(difference.mean()),
        )


def _by_cost(answer: Prediction) -> dict[str, Any]:
    """Return what the answer costs and whether it counts, where that was asked."""
    told = {
        "expected_cost": answer.expected_cost,
        "is_rejected": answer.is_rejected,
        "reject_below": answer.reject_below,
    }
    return {name: value for name, value in told.items() if value is not None}
