"""Which of several classes an answer names: the one place that takes it from probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sightline.problems._costs.threshold import REJECT_BELOW
from sightline.stage.formats.evaluation import Booleans, Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What becomes of probabilities [n, classes], in arrays and in the graph of a SavedModel.

    Of equal ones the earlier class is named, in both.
    """

    reject_below: float | None = None
    """The probability below which an answer is too unsure to count; None where all count."""

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "Choice":
        """Read what train chose."""
        return cls(reject_below=about.get(REJECT_BELOW))

    def index(self, probabilities: Any) -> Integers:
        """Return the index of the class that is named [n]."""
        return np.asarray(np.asarray(probabilities).argmax(axis=-1), dtype=np.int64)

    def sureness(self, probabilities: Any) -> Floats:
        """Return the probability of the class that is named [n]."""
        rows = np.asarray(probabilities)
        return np.take_along_axis(rows, self.index(rows)[..., np.newaxis], axis=-1)[..., 0]

    def is_rejected(self, probabilities: Any) -> Booleans | None:
        """Return whether an answer is too unsure to count [n]; None where all count."""
        if self.reject_below is None:
            return None
        return np.asarray(self.sureness(probabilities) < self.reject_below)

    def in_graph(self, probabilities: Any) -> tuple[Any, Any, Any | None]:
        """Return `index`, `sureness` and `is_rejected` as tensors."""
        import tensorflow as tf

        index = tf.argmax(probabilities, axis=-1)
        sureness = tf.gather(probabilities, index, axis=-1, batch_dims=1)
        below = self.reject_below
        return index, sureness, None if below is None else sureness < below


def is_right(answers: Any, goals: Any) -> Booleans:
    """Return whether the likeliest class is the true one [n], of rows with 1 at the truth."""
    return np.asarray(Choice().index(answers) == Choice().index(goals))
