"""The optimiser of a phase: AdamW, at a rate that follows a schedule and the depth of a layer."""

from collections.abc import Sequence
from typing import Any

import keras

from components.train.fitting.schedules import Schedule
from components.train.pretrained.model_file import innermost

WITHOUT_DECAY = ["bias", "gamma", "beta"]


class LayerwiseAdamW(keras.optimizers.AdamW):  # type: ignore[misc] # Keras ships no types
    """AdamW that moves each variable at a share of the learning rate.

    Weight decay, which is a thousandth of that and less, stays the same for all.
    """

    def __init__(self, *arguments: Any, shares: Sequence[float], **options: Any) -> None:
        """Take the shares, in the order of the variables that learn."""
        super().__init__(*arguments, **options)
        self._shares = list(shares)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        share = self._shares[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * share)


def make_optimizer(
    schedule: Schedule | float, shares: Sequence[float], *, weight_decay: float, clip_norm: float
) -> keras.optimizers.Optimizer:
    """Return AdamW, whose decay leaves biases and normalisation alone.

    Args:
        schedule: the learning rate by step, or a rate.
        shares: how fast each variable that learns does so; empty where all do alike.
        weight_decay: what is taken off a kernel at each step, times the learning rate.
        clip_norm: the largest norm of all gradients together; 0 for any.
    """
    options: dict[str, Any] = {"weight_decay": weight_decay}
    if clip_norm:
        options["global_clipnorm"] = clip_norm
    if shares:
        optimizer = LayerwiseAdamW(schedule, shares=shares, **options)
    else:
        optimizer = keras.optimizers.AdamW(schedule, **options)
    optimizer.exclude_from_weight_decay(var_names=WITHOUT_DECAY)
    return optimizer


def layer_shares(
    model: keras.Model, backbone: keras.Model, lowest: float
) -> tuple[tuple[float, ...], tuple[float, float]]:
    """Return how fast each variable learns: evenly faster from the first layer to the head.

    The book's rule, which multiplies by 0.1 in the first block and by 1 in the head. Return also
    the shares of the lowest and of the highest layer of the backbone that learns.
    """
    layers = innermost(backbone)
    steps = max(1, len(layers))
    found: dict[int, float] = {}
    for place, layer in enumerate(layers):
        share = lowest + (1 - lowest) * place / steps
        found |= {id(variable): share for variable in layer.trainable_variables}
    shares = tuple(found.get(id(variable), 1.0) for variable in model.trainable_variables)
    learning = [share for share in shares if share < 1] or [1.0]
    return shares, (min(learning), max(learning))
