"""What a head learns from, as arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from components.train.fitting.examples import InMemory, Order

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Examples:
    """Features of images, and what is to be said of them."""

    features: Array
    """float32 [n, d]."""
    goals: Array
    """What the loss compares answers with, [n, k]."""
    weights: Array
    """How much each counts, [n]."""


def examples_of(source: "InMemory", order: "Order", *, weighed: bool) -> Examples:
    """Return features with their goals; each counts the same unless `weighed`."""
    weights = np.ones(source.num_examples, np.float32)
    if weighed:
        class_weights = np.asarray(order.class_weights, np.float32)
        weights = np.asarray(order.training.weights(source.targets, class_weights))
    goals = np.asarray(order.training.goals(source.targets, order.num_classes))
    return Examples(source.inputs, goals, weights)
