"""The probability of the positive class, and the class that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sightline.problems._costs.threshold import threshold_of
from sightline.problems.binary.targets import SETTING
from sightline.problems.serving import Arrays, Sameness, differences
from sightline.problems.serving import Serving as Questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the model says about one image."""

    class_name: str
    class_index: int
    positive_class: str
    probability: float
    """Of the positive class, whichever class is named."""
    threshold: float
    """From which probability on the positive class is named."""


class Serving(Questions[Decided]):
    """Whether an image is of the positive class."""

    outputs = ("probabilities",)
    fields = "class_name, class_index, positive_class, probability (of that class) and threshold"

    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        """Return three tensors: `probability` float32, `class_index` int64, `class_name` string."""
        import tensorflow as tf

        probability = outputs["probabilities"][:, 0]
        is_positive = tf.cast(names == self.about[SETTING], tf.int64)
        positive, negative = tf.argmax(is_positive), tf.argmin(is_positive)
        index = tf.where(probability >= threshold_of(self.about), positive, negative)
        return {
            "probability": probability,
            "class_index": index,
            "class_name": tf.gather(names, index),
        }

    def ranked(self, outputs: Mapping[str, Any], names: Any) -> Any:
        """Return the probabilities of both classes."""
        import tensorflow as tf

        positive, is_positive = outputs["probabilities"], names == self.about[SETTING]
        return tf.where(is_positive, positive, 1 - positive)

    def chances(self, answer: Decided, classes: Sequence[str]) -> Sequence[float]:
        chance = answer.probability
        return [chance if name == answer.positive_class else 1 - chance for name in classes]

    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[Decided]:
        given = outputs["probability" if "probability" in outputs else "probabilities"]
        return [self._decide(value, classes) for value in np.ravel(given).tolist()]

    def as_json(self, answer: Decided) -> dict[str, Any]:
        return asdict(answer)

    def named(self, answer: Decided, classes: Sequence[str]) -> dict[str, Any]:
        return asdict(answer)

    def confidence(self, answer: Decided) -> float:
        """Return the probability of the class that is named: below 0.5 where costs say so."""
        is_positive = answer.class_name == answer.positive_class
        return answer.probability if is_positive else 1 - answer.probability

    def from_json(self, content: Mapping[str, Any]) -> Decided:
        return Decided(**content)

    def group(self, answer: Decided) -> str:
        return answer.class_name

    def caption(self, answer: Decided) -> tuple[str, str]:
        return answer.class_name, f"{answer.positive_class} {answer.probability:.3f}"

    def same(self, expected: Sequence[Decided], received: Sequence[Decided]) -> Sameness:
        difference = differences(
            [answer.probability for answer in expected],
            [answer.probability for answer in received],
        )
        names = zip(expected, received, strict=True)
        return Sameness(
            agrees=np.array([one.class_name == other.class_name for one, other in names]),
            largest=difference,
            mean=float(difference.mean()),
        )

    def _decide(self, probability: float, classes: Sequence[str]) -> Decided:
        positive = self.about[SETTING]
        others = [name for name in classes if name != positive]
        threshold = threshold_of(self.about)
        name = positive if probability >= threshold else others[0]
        return Decided(
            class_name=name,
            class_index=list(classes).index(name),
            positive_class=positive,
            probability=probability,
            threshold=threshold,
        )
