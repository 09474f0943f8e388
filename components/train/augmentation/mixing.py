"""Mixup: an image and its goal, blended with another's (Zhang et al., 2018)."""

from typing import Any

import tensorflow as tf

SMALLEST = 1e-30


def mixed(inputs: Any, goals: Any, weights: Any, *, alpha: float, seed: Any) -> tuple[Any, ...]:
    """Blend each example of a batch with the one before it; the larger part stays its own.

    Args:
        inputs: images [n, ...].
        goals: float32 [n, ...].
        weights: float32 [n].
        alpha: of the Beta distribution that the parts are drawn from.
        seed: int64 [2]; equal seeds, equal parts.
    """
    seeds = tf.random.experimental.stateless_split(seed, num=2)
    count = tf.shape(inputs)[:1]
    # A Beta variable is a share of two Gamma variables; of a small alpha both may be nothing.
    one, other = (tf.random.stateless_gamma(count, one, alpha) + SMALLEST for one in seeds)
    part = tf.maximum(one, other) / (one + other)

    def blended(values: Any) -> Any:
        own = tf.reshape(part, tf.concat([count, tf.ones(len(values.shape) - 1, tf.int32)], 0))
        values = tf.cast(values, tf.float32)
        return own * values + (1 - own) * tf.roll(values, 1, axis=0)

    return blended(inputs), blended(goals), blended(weights)
