"""A classifier whose loss needs no TensorFlow, and features of two classes that overlap."""

from typing import Any

import numpy as np

from components.train.heads.examples import Array, Examples
from sightline.problems.classification.training import Training
from sightline.problems.training import Objective


class CrossEntropy:
    """What Keras calls a loss, as far as heads ask for it."""

    def call(self, goals: Array, answers: Array) -> Array:
        right = (goals * answers).sum(axis=1)
        return np.asarray(-np.log(np.maximum(right, 1e-7)))


class Kind(Training):
    """Answers as classification does, in NumPy."""

    def objective(self, *, label_smoothing: float) -> Objective:
        return Objective(loss=CrossEntropy(), metrics=[])


def softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def losses(scores: Array, goals: Array) -> Array:
    return CrossEntropy().call(goals, softmax(scores))


def examples(
    count: int, *, classes: int = 2, features: int = 8, seed: int = 0, **changes: Any
) -> Examples:
    """Noise of other means and scales; the first features tell the classes apart, not always."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    values = random.standard_normal((count, features)).astype(np.float32)
    values[np.arange(count), labels] += 1.5
    given = {"features": values * 10 + 100, "goals": np.eye(classes, dtype=np.float32)[labels]}
    return Examples(**{"weights": np.ones(count, np.float32), **given, **changes})
