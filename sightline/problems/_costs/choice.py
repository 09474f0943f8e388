"""Which of several classes an answer names: the one place that takes it from probabilities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sightline.problems._costs.table import CostTable
from sightline.problems._costs.threshold import BY_COST, REJECT_BELOW, REJECT_MARGIN
from sightline.stage.arrays import Booleans, Floats, Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What becomes of probabilities [n, classes], in arrays and in the graph of a SavedModel.

    Of equal ones the earlier class is named, in both.
    """

    table: CostTable | None = None
    """What each answer costs by each truth; None where a wrong answer is a wrong answer."""
    by_cost: bool = True
    """Whether the class of least expected cost is named, where there is a table; else the
    likeliest."""
    reject_below: float | None = None
    """The probability below which an answer is too unsure to count; None where none is."""
    reject_margin: float | None = None
    """An answer counts no more if rejecting it is cheaper by so much; None where none is rejected
    by the table."""

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "Choice":
        """Read what train chose."""
        return cls(
            table=CostTable.of(about),
            by_cost=about.get(BY_COST, True),
            reject_below=about.get(REJECT_BELOW),
            reject_margin=about.get(REJECT_MARGIN),
        )

    def index(self, probabilities: Any) -> Integers:
        """Return the index of the class that is named [n]."""
        rows, costs = np.asarray(probabilities), self._costs(probabilities)
        if costs is None or not self.by_cost:
            return np.asarray(rows.argmax(axis=-1), dtype=np.int64)
        return np.asarray(costs[..., : rows.shape[-1]].argmin(axis=-1), dtype=np.int64)

    def sureness(self, probabilities: Any) -> Floats:
        """Return the probability of the class that is named [n]."""
        return _at(np.asarray(probabilities), self.index(probabilities))

    def expected_cost(self, probabilities: Any) -> Floats | None:
        """Return what naming that class costs on average [n]; None where there is no table."""
        costs = self._costs(probabilities)
        return None if costs is None else _at(costs, self.index(probabilities))

    def advantage(self, probabilities: Any) -> Floats | None:
        """Return how much cheaper it is to name that class than to reject [n]; None as above.

        The table has a column for rejected images.
        """
        costs = self._costs(probabilities)
        if costs is None:
            return None
        return np.asarray(costs[..., -1] - _at(costs, self.index(probabilities)))

    def is_rejected(self, probabilities: Any) -> Booleans | None:
        """Return whether an answer is too unsure to count [n]; None where all count."""
        if self.reject_below is not None:
            return np.asarray(self.sureness(probabilities) < self.reject_below)
        advantage = None if self.reject_margin is None else self.advantage(probabilities)
        if advantage is None or self.reject_margin is None:
            return None
        return np.asarray(advantage < -self.reject_margin)

    def in_graph(self, probabilities: Any) -> tuple[Any, Any, Any | None]:
        """Return `index`, `sureness` and `is_rejected` as tensors."""
        import tensorflow as tf

        index, costs = tf.argmax(probabilities, axis=-1), None
        if self.table is not None:
            table = tf.constant(self.table.columns())
            costs = tf.cast(tf.matmul(tf.cast(probabilities, tf.float64), table), tf.float32)
            if self.by_cost:
                index = tf.argmin(costs[:, : len(self.table.answers)], axis=-1)
        sureness = tf.gather(probabilities, index, axis=-1, batch_dims=1)
        if self.reject_below is not None:
            return index, sureness, sureness < self.reject_below
        if self.reject_margin is None or costs is None:
            return index, sureness, None
        advantage = costs[:, -1] - tf.gather(costs, index, axis=-1, batch_dims=1)
        return index, sureness, advantage < -self.reject_margin

    def _costs(self, probabilities: Any) -> Floats | None:
        """Return what the table expects of each answer [n, columns]; None where there is none."""
        # Another version, with other classes, may have answered than the one that is known.
        if self.table is None or len(self.table.answers) != np.asarray(probabilities).shape[-1]:
            return None
        return self.table.expected(probabilities)


def is_right(answers: Any, goals: Any) -> Booleans:
    """Return whether the likeliest class is the true one [n], of rows with 1 at the truth."""
    return np.asarray(Choice().index(answers) == Choice().index(goals))


def _at(rows: Floats, index: Integers) -> Floats:
    return np.take_along_axis(rows, index[..., np.newaxis], axis=-1)[..., 0]
