"""Batches of images or features, in an order that seed and epoch alone decide."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.train.augmentation.mixing import mixed
from sightline.problems import problem_of
from sightline.problems.training import Training
from sightline.stage.formats.records import RecordsInfo, Split, TargetParser, read_split

# Decoded images of a split up to here stay in memory, once; beyond it the records are read again
# each epoch. TensorFlow itself takes some 0.7 GB, and the whole training stays within 1.5 GB.
MEMORY_BYTES = 2**28
SHUFFLE_BUFFER = 2048
SHUFFLE_BYTES = 2**27
READ_AHEAD_BYTES = 2**26
LOADING_BATCH = 64
ALIGNMENT_BYTES = 64

Array = np.ndarray[Any, Any]
Augment = Callable[[Any, Any], tuple[Any, Any]]
"""Changes a batch [n, s, s, c] by a seed int64 [2]; says how each image was moved, [n, 8]."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Examples that are held decoded: images uint8 [n, s, s, c] or features float32 [n, f]."""

    inputs: np.ndarray[Any, Any]
    targets: np.ndarray[Any, Any]
    views: int = 0
    """How many changed copies of all examples, one after another, follow them in the inputs."""
    groups: np.ndarray[Any, Any] | None = None
    """What no two folds may share [n]; None where each example is a group of its own."""

    @property
    def num_examples(self) -> int:
        return len(self.targets)

    def of_rows(self, rows: np.ndarray[Any, Any], *, viewed: bool) -> "InMemory":
        """Return some of the examples, with their views where they are to be learned from."""
        views = self.views if viewed else 0
        places = [rows + self.num_examples * view for view in range(1 + views)]
        return InMemory(
            self.inputs[np.concatenate(places)],
            self.targets[rows],
            views,
            None if self.groups is None else self.groups[rows],
        )


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Images that are read from the records each time."""

    records: Path
    split: Split | tuple[Split, ...]
    num_examples: int
    shuffle_buffer: int = SHUFFLE_BUFFER
    """How many images wait to be drawn from."""
    kept: np.ndarray[Any, Any] | None = None
    """Which of the split's images, by their place, bool [n]; None for all."""

    def read(self, targets: TargetParser) -> "tf.data.Dataset":
        """Return a dataset of (image, target, id)."""
        return read_split(self.records, self.split, targets, kept=self.kept)


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
    mixup: float = 0.0
    """Alpha of the Beta distribution by which two images are blended; 0 blends none."""


def image_source(records: Path, info: RecordsInfo, split: Split) -> Source:
    """Return the images of a split, in memory where they fit."""
    return held(OnDisk(records, split, info.num_images(split)), info)


def held(images: OnDisk, info: RecordsInfo) -> Source:
    """Return images in memory where they fit, else as they are."""
    size, count = info.contract.image_size**2 * info.contract.channels, images.num_examples
    if count * size > MEMORY_BYTES:
        buffer = min(SHUFFLE_BUFFER, max(1, SHUFFLE_BYTES // size))
        return replace(images, shuffle_buffer=buffer)
    batches = images.read(problem_of(info.problem, info.about).targets).batch(LOADING_BATCH)
    parts = ((images, targets) for images, targets, _ in batches.as_numpy_iterator())
    return joined(parts, count)


def joined(parts: Iterable[tuple[Array, Array]], count: int) -> InMemory:
    """Put parts together as they come, so that they are never held twice.

    Args:
        parts: inputs and targets, each of some examples.
        count: how many examples there are in all.
    """
    whole: InMemory | None = None
    done = 0
    for inputs, targets in parts:
        if whole is None:
            whole = InMemory(_room(inputs, count), _room(targets, count))
        whole.inputs[done : done + len(inputs)] = inputs
        whole.targets[done : done + len(targets)] = targets
        done += len(targets)
    if whole is None:
        raise ValueError("expected at least one part, received none")
    return InMemory(whole.inputs[:done], whole.targets[:done])


def _room(part: Array, count: int) -> Array:
    return np.empty((count, *part.shape[1:]), part.dtype)


def training_batches(source: Source, order: Order, *, first_epoch: int) -> Batches:
    """Give shuffled batches of all epochs from `first_epoch` on, without end."""
    weights = tf.constant(order.class_weights, tf.float32)

    def finish(epoch: Any, step: Any, inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        # Steps stay far below 2**20, so each batch of each epoch has a seed of its own.
        seed = tf.stack([tf.constant(order.seed, tf.int64), epoch * 2**20 + step])
        if order.augment is not None:
            inputs, transforms = order.augment(inputs, seed)
            targets = order.training.move(targets, transforms)
        goals = order.training.goals(targets, order.num_classes)
        counts = order.training.weights(targets, weights)
        if not order.mixup:
            return inputs, goals, counts
        apart = tf.random.experimental.stateless_fold_in(seed, 1)
        return mixed(inputs, goals, counts, alpha=order.mixup, seed=apart)

    one_epoch = _memory_epoch if isinstance(source, InMemory) else _disk_epoch
    epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int32).max)
    dataset = epochs.flat_map(_as_is(one_epoch(source, order)))
    dataset = dataset.map(_as_is(finish), tf.data.AUTOTUNE)
    return Batches(_ahead(dataset), _steps(source, order.batch_size))


def validation_batches(source: Source, order: Order, *, batch_size: int) -> Batches:
    """Give every example once, in order; each counts the same."""
    if isinstance(source, InMemory):
        places = tf.data.Dataset.range(source.num_examples).batch(batch_size)
        dataset = places.map(_as_is(_taking(source)))
    else:
        images = source.read(order.targets)
        dataset = images.map(lambda image, target, _: (image, target)).batch(batch_size)

    def finish(inputs: Any, targets: Any) -> tuple[Any, Any, Any]:
        goals = order.training.goals(targets, order.num_classes)
        return inputs, goals, tf.ones(tf.shape(targets)[:1])

    return Batches(_ahead(dataset.map(_as_is(finish))), _steps(source, batch_size))


def _ahead(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Make batches ready before they are asked for, within some room."""
    options = tf.data.Options()
    # TensorFlow's own bound is half of the machine's memory, whatever a container may have.
    options.autotune.ram_budget = READ_AHEAD_BYTES
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


def _taking(source: InMemory) -> Callable[[Any], tuple[Any, Any]]:
    """Return a function of row numbers that takes these rows; a tensor would be another copy.

    Rows of views count on: the target is that of the example.
    """
    types = [tf.as_dtype(one.dtype) for one in (source.inputs, source.targets)]

    def rows_of(places: Array) -> tuple[Array, Array]:
        inputs = _aligned((len(places), *source.inputs.shape[1:]), source.inputs.dtype)
        return source.inputs.take(places, axis=0, out=inputs, mode="clip"), source.targets[
            places % len(source.targets)
        ]

    def take(rows: Any) -> tuple[Any, Any]:
        inputs, targets = tf.numpy_function(rows_of, [rows], types)
        inputs.set_shape((None, *source.inputs.shape[1:]))
        targets.set_shape((None, *source.targets.shape[1:]))
        return inputs, targets

    return take


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return room that TensorFlow takes over as it is; what NumPy gives, it copies once more."""
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + ALIGNMENT_BYTES, np.uint8)
    start = -room.ctypes.data % ALIGNMENT_BYTES
    return room[start : start + size].view(dtype).reshape(shape)


def _memory_epoch(source: Any, order: Order) -> Callable[[Any], tf.data.Dataset]:
    take = _taking(source)

    def batches(epoch: Any) -> tf.data.Dataset:
        places = tf.random.experimental.stateless_shuffle(
            tf.range(source.num_examples, dtype=tf.int64), seed=[order.seed, epoch]
        )
        if source.views:
            # One of an example's views in each epoch, so that it counts once.
            seed = tf.random.experimental.stateless_fold_in(tf.stack([order.seed, epoch]), 1)
            places += source.num_examples * tf.random.stateless_uniform(
                [source.num_examples], seed, maxval=1 + source.views, dtype=tf.int64
            )
        rows = tf.data.Dataset.from_tensor_slices(places).batch(order.batch_size)
        return rows.enumerate().map(_as_is(lambda step, row: (epoch, step, *take(row))))

    return batches


def _disk_epoch(source: Any, order: Order) -> Callable[[Any], tf.data.Dataset]:
    def batches(epoch: Any) -> tf.data.Dataset:
        images = source.read(order.targets)
        shuffled = images.shuffle(source.shuffle_buffer, seed=order.seed + epoch)
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
