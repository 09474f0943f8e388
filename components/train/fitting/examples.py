"""Batches of images or features, in an order that seed and epoch alone decide."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from sightline.problems import problem_of
from sightline.problems.training import Training
from sightline.stage.formats.records import RecordsInfo, Split, TargetParser, read_split

# Decoded images up to here stay in memory; beyond it the records are read again each epoch.
MEMORY_BYTES = 2**30
SHUFFLE_BUFFER = 2048
LOADING_BATCH = 256

Augment = Callable[[Any, Any], tuple[Any, Any]]
"""Changes a batch [n, s, s, c] by a seed int64 [2]; says how each image was moved, [n, 8]."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Examples that are held decoded: images uint8 [n, s, s, c] or features float32 [n, f]."""

    inputs: np.ndarray[Any, Any]
    targets: np.ndarray[Any, Any]

    @property
    def num_examples(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Images that are read from the records each time."""

    records: Path
    split: Split
    num_examples: int


Source = InMemory | OnDisk


@dataclass(frozen=True, slots=True)
class Batches:
    """A dataset of (inputs, goals, weights), and how many steps make an epoch."""

    dataset: tf.data.Dataset
    steps: int


@dataclass(frozen=True, slots=True)
class Order:
    """How examples become batches."""

    targets: TargetParser
    training: Training
    num_classes: int
    batch_size: int
    seed: int
    class_weights: tuple[float, ...]
    """Per class, how much a training example counts."""
    augment: Augment | None = None


def image_source(records: Path, info: RecordsInfo, split: Split) -> Source:
    """Return the images of a split, in memory where they fit."""
    side, channels, count = info.contract.image_size, info.contract.channels, info.num_images(split)
    if count * side * side * channels > MEMORY_BYTES:
        return OnDisk(records, split, count)
    images = read_split(records, split, problem_of(info.problem).targets)
    parts = list(images.batch(LOADING_BATCH).as_numpy_iterator())
    return InMemory(
        np.concatenate([images for images, _, _ in parts]),
        np.concatenate([targets for _, targets, _ in parts]),
    )


def training_batches(source: Source, order: Order, *, first_epoch: int) -> Batches:
    """Give shuffled batches of all epochs from `first_epoch` on, without end."""
    weights = tf.constant(order.class_weights, tf.float32)

    def finish(epoch: Any, step: Any, inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        if order.augment is not None:
            # Steps stay far below 2**20, so each batch of each epoch has a seed of its own.
            seed = tf.stack([tf.constant(order.seed, tf.int64), epoch * 2**20 + step])
            inputs, transforms = order.augment(inputs, seed)
            targets = order.training.move(targets, transforms)
        goals = order.training.goals(targets, order.num_classes)
        return inputs, goals, order.training.weights(targets, weights)

    one_epoch = _memory_epoch if isinstance(source, InMemory) else _disk_epoch
    epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int32).max)
    dataset = epochs.flat_map(_as_is(one_epoch(source, order)))
    dataset = dataset.map(_as_is(finish), tf.data.AUTOTUNE)
    return Batches(dataset.prefetch(tf.data.AUTOTUNE), _steps(source, order.batch_size))


def validation_batches(source: Source, order: Order, *, batch_size: int) -> Batches:
    """Give every example once, in order; each counts the same."""
    if isinstance(source, InMemory):
        dataset = tf.data.Dataset.from_tensor_slices((source.inputs, source.targets))
    else:
        dataset = read_split(source.records, source.split, order.targets).map(
            lambda image, target, _: (image, target)
        )

    def finish(inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        goals = order.training.goals(targets, order.num_classes)
        return inputs, goals, tf.ones(tf.shape(targets)[:1])

    ready = dataset.batch(batch_size).map(_as_is(finish)).prefetch(tf.data.AUTOTUNE)
    return Batches(ready, _steps(source, batch_size))


def _memory_epoch(source: Any, order: Order) -> Callable[[Any], tf.data.Dataset]:
    inputs, targets = tf.constant(source.inputs), tf.constant(source.targets)

    def batches(epoch: Any) -> tf.data.Dataset:
        places = tf.random.experimental.stateless_shuffle(
            tf.range(source.num_examples, dtype=tf.int64), seed=[order.seed, epoch]
        )
        rows = tf.data.Dataset.from_tensor_slices(places).batch(order.batch_size)
        return rows.enumerate().map(
            _as_is(lambda step, row: (epoch, step, tf.gather(inputs, row), tf.gather(targets, row)))
        )

    return batches


def _disk_epoch(source: Any, order: Order) -> Callable[[Any], tf.data.Dataset]:
    def batches(epoch: Any) -> tf.data.Dataset:
        images = read_split(source.records, source.split, order.targets)
        shuffled = images.shuffle(SHUFFLE_BUFFER, seed=order.seed + epoch)
        return (
            shuffled.batch(order.batch_size)
            .enumerate()
            .map(lambda step, batch: (epoch, step, batch[0], batch[1]))
        )

    return batches


def _as_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep AutoGraph from reading the source of a function that holds TensorFlow calls alone.

    It costs about a second for the functions here, and finds nothing to convert.
    """
    converted: Callable[..., Any] = tf.autograph.experimental.do_not_convert(function)
    return converted


def _steps(source: Source, batch_size: int) -> int:
    return math.ceil(source.num_examples / batch_size)
