"""Linear models of features: what a kind of problem has in place of training a dense layer."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

Floats = np.ndarray[Any, Any]
LinearWeights = tuple[Floats, Floats]
"""Kernel [d, k] and bias [k] of a dense layer."""


class LinearModel(ABC):
    """A convex model, whose best weights a solver finds without epochs.

    scikit-learn is imported inside functions.
    """

    name: ClassVar[str]
    """What the field calls it."""
    strengths: ClassVar[tuple[float, ...]]
    """Inverse regularisation to choose from: from strong regularisation to weak."""

    @abstractmethod
    def path(self, points: Floats, goals: Floats, weights: Floats) -> Iterator[LinearWeights]:
        """Yield the weights of each strength in turn; the last ones may help to find the next.

        points: standardised features, float32 [n, d].
        goals: what the loss compares answers with, [n, k], as the kind's `goals` makes them.
        weights: how much each example counts, [n].
        """
