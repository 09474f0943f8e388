"""Heads trained one after the other, whose graph is built once for all that differ in numbers.

Building it takes Keras about a second, as long as the epochs of a head on features. Here rate,
weight decay and dropout are variables of it; figures are, bit by bit, those of a training on its
own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf

from components.train.fitting.checkpoints import Progress, Weights, assign, values_of
from components.train.fitting.examples import Batches
from components.train.fitting.fit import Phase, compile_model, fit
from components.train.fitting.schedules import START, Schedule
from sightline.problems.training import Training

MOST_HELD = 8
"""Compiled heads, of which the one that was not used for longest goes."""


class VariableDropout(keras.layers.Layer):  # type: ignore[misc] # Keras ships no types
    """Draws what Keras's Dropout draws, at a rate that may be set."""

    def __init__(self) -> None:
        super().__init__(name="dropout")
        self.seed_generator = keras.random.SeedGenerator(0)
        self._rate = tf.Variable(0.0, trainable=False)
        self._scale = tf.Variable(1.0, trainable=False)

    def set_rate(self, rate: float) -> None:
        """Drop this share from now on."""
        self._rate.assign(rate)
        self._scale.assign(1 / (1 - rate))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return features, while training without those that are dropped."""
        if not training:
            return inputs
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        drawn = tf.random.stateless_uniform(tf.shape(inputs), seed=seed, dtype=inputs.dtype)
        return tf.where(drawn >= self._rate, inputs * self._scale, tf.zeros_like(inputs))


@dataclass(slots=True)
class Held:
    """A compiled head, and what of it is set anew for each training."""

    model: keras.Model
    dropout: list[VariableDropout]
    batches: Batches
    validation: Batches | None
    schedule: Schedule
    start: Any
    """Variables: the rate that warming up begins at, its peak, and the weight decay."""
    peak: Any
    decay: Any
    optimizer: Weights
    """Its state before the first step."""


class Bench:
    """Trains heads on the same examples, in the same batches and order."""

    def __init__(self) -> None:
        self._held: dict[Any, Held] = {}

    def fit(
        self,
        model: keras.Sequential,
        phase: Phase,
        *,
        training: Callable[[int], Batches],
        validation: Batches | None,
        learning: Training,
        **told: Any,
    ) -> tuple[Progress, int]:
        """Train a head as `fit` does, in a compiled one like it."""
        rates = [one.rate for one in model.layers if isinstance(one, keras.layers.Dropout)]
        shapes = tuple(tuple(one.shape) for one in model.weights)
        key = (shapes, len(rates), _alike(phase))
        held = self._held.pop(key, None) or _held(model, phase, training(0), validation, learning)
        self._held[key] = held
        if len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]
        held.start.assign(phase.learning_rate * START)
        held.peak.assign(phase.learning_rate)
        held.decay.assign(phase.weight_decay)
        for layer, rate in zip(held.dropout, rates, strict=True):
            layer.set_rate(rate)
        assign(held.model.weights, values_of(model.weights))
        assign(held.model.optimizer.variables, held.optimizer)
        progress, num_epochs = fit(
            held.model,
            phase,
            training=lambda epoch: training(epoch) if epoch else held.batches,
            validation=held.validation,
            learning=learning,
            schedule=held.schedule,
            **told,
        )
        assign(model.weights, progress.best)
        return progress, num_epochs


def _alike(phase: Phase) -> Phase:
    """Return what phases have in common that one graph can serve."""
    if phase.schedule == "cosine":  # the others compute with the peak before there is a graph
        phase = replace(phase, learning_rate=0.0)
    return replace(phase, weight_decay=0.0)


def _held(
    like: keras.Sequential,
    phase: Phase,
    batches: Batches,
    validation: Batches | None,
    learning: Training,
) -> Held:
    """Compile a head of the same layers, with variables in place of numbers."""
    layers = [
        VariableDropout()
        if isinstance(one, keras.layers.Dropout)
        else type(one).from_config(one.get_config())
        for one in like.layers
    ]
    model = keras.Sequential([keras.Input(like.input_shape[1:]), *layers], name=like.name)
    schedule = compile_model(model, phase, learning, batches.steps)
    start, peak, decay = (tf.Variable(0.0, trainable=False) for _ in range(3))
    if phase.schedule == "cosine":
        schedule.initial_learning_rate, schedule.warmup_target = start, peak
    model.optimizer.weight_decay = decay
    dropout = [one for one in layers if isinstance(one, VariableDropout)]
    before = values_of(model.optimizer.variables)
    return Held(model, dropout, batches, validation, schedule, start, peak, decay, optimizer=before)
