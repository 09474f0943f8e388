"""What a head learns from, as arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from components.train.fitting.examples import InMemory, Order

VALIDATION_BATCH = 256

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
    views: int = 0
    """How many changed copies of all images, one after another, follow them in the rows."""
    groups: Array | None = None
    """What no two folds may share, [images]; None where each image is a group of its own."""

    @property
    def num_images(self) -> int:
        """Return how many images there are."""
        return len(self.features) // (1 + self.views)

    def with_views(self, rows: Array) -> Array:
        """Add the rows of the views of some images."""
        return np.concatenate([rows + self.num_images * view for view in range(1 + self.views)])

    def batches(self) -> Iterator["Examples"]:
        """Yield them part by part, as a network that is judged is given them."""
        for start in range(0, len(self.features), VALIDATION_BATCH):
            rows = slice(start, start + VALIDATION_BATCH)
            yield Examples(self.features[rows], self.goals[rows], self.weights[rows])


def examples_of(source: "InMemory", order: "Order", *, weighed: bool) -> Examples:
    """Return features with their goals; each image counts the same unless `weighed`."""
    weights = np.ones(source.num_examples, np.float32)
    if weighed:
        class_weights = np.asarray(order.class_weights, np.float32)
        weights = np.asarray(order.training.weights(source.targets, class_weights))
    goals = np.asarray(order.training.goals(source.targets, order.num_classes))
    rows = 1 + source.views
    return Examples(
        source.inputs,
        np.tile(goals, (rows, *[1] * (goals.ndim - 1))),
        np.tile(weights / rows, rows),
        source.views,
        source.groups,
    )
