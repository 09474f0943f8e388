"""What wrong numbers cost, as Keras counts it."""

from typing import Any

import keras

HUBER_DEVIATIONS = 1.0
"""Errors beyond so many standard deviations count by their size, not by its square."""


class ScaledHuber(keras.losses.Loss):  # type: ignore[misc] # Keras ships no types
    """Huber's loss: half the squared error up to a deviation, straight beyond it.

    A squared loss would give a mistyped number, ten deviations off, the weight of a hundred.
    """

    def __init__(self, deviation: float) -> None:
        """Take the deviation of the numbers to learn from."""
        super().__init__(name="huber")
        self._deviation = deviation

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each example [n]."""
        truth, answer = y_true / self._deviation, y_pred / self._deviation
        return keras.losses.huber(truth, answer, delta=HUBER_DEVIATIONS)
