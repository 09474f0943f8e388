"""The most probable classes by name, in the graph of a SavedModel and outside of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sightline.ground.models.signatures import CLASS_INDICES, CLASS_NAMES, CLASS_PROBABILITIES


def best_in_graph(ranked: Any, names: Any, count: int) -> dict[str, Any]:
    """Return the most probable classes of n images, the best first, as tensors [n, count].

    Args:
        ranked: probabilities, a tensor [n, classes].
        names: of the classes, a string tensor.
        count: how many; fewer where there are fewer classes.
    """
    import tensorflow as tf

    values, places = tf.math.top_k(ranked, tf.minimum(count, tf.shape(ranked)[1]))
    return {
        CLASS_NAMES: tf.gather(names, places),
        CLASS_INDICES: tf.cast(places, tf.int64),
        CLASS_PROBABILITIES: values,
    }


def best_of(probabilities: Sequence[float], names: Sequence[str], count: int) -> dict[str, Any]:
    """Return the most probable classes of one image, the best first, as the graph tells them.

    Without the names, where they are others than the probabilities are of.
    """
    # The graph, too, has the first of equal ones in front.
    places = np.argsort(-np.asarray(probabilities), kind="stable")[:count].tolist()
    named = len(names) == len(probabilities)
    return {
        **({CLASS_NAMES: [names[place] for place in places]} if named else {}),
        CLASS_INDICES: places,
        CLASS_PROBABILITIES: [probabilities[place] for place in places],
    }
