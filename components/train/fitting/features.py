"""Features that a training computes itself, once per image, and keeps until it is done."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from components.train.fitting.checkpoints import ArraysByName, load_arrays, save_arrays
from components.train.fitting.examples import InMemory, joined
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo, Split, groups_in, read_split, read_targets
from sightline.stage.log import progress

BATCH_SIZE = 32
BATCHES_PER_FILE = 16


Compute = Callable[[Any], np.ndarray[Any, Any]]
"""Makes features [n, ...] of uint8 images [n, s, s, c]."""


class FeatureSource(Protocol):
    """Where the features of the records come from."""

    @property
    def num_computed(self) -> int:
        """How many were computed and not found."""
        ...

    def of_split(self, records: Path, info: RecordsInfo, split: Split) -> InMemory:
        """Return the features of a split."""
        ...


class FeatureCache:
    """Features of images, in files that an interrupted run finds again."""

    def __init__(self, compute: Compute, folder: Path) -> None:
        self._compute_batch, self._folder = compute, folder
        self.num_computed = 0
        folder.mkdir(parents=True, exist_ok=True)

    def of_split(self, records: Path, info: RecordsInfo, split: Split) -> InMemory:
        """Return the features of a split; what is not there yet is computed."""
        num_batches = math.ceil(info.num_images(split) / BATCH_SIZE)
        num_files = math.ceil(num_batches / BATCHES_PER_FILE)
        paths = [self._folder / f"{split}-{index:05d}.npz" for index in range(num_files)]

        def parts() -> Iterator[ArraysByName]:
            num_found = 0
            for part in whole_parts(paths):
                num_found += 1
                yield part
            done = num_found * BATCHES_PER_FILE
            images = read_split(records, split, problem_of(info.problem, info.about).targets)
            batches = images.batch(BATCH_SIZE).skip(done).prefetch(2)
            shown = progress(batches, what=f"{split} features", total=num_batches - done)
            yield from self._compute(shown, paths[num_found:])

        found = ((part["features"], part["targets"]) for part in parts())
        targets = problem_of(info.problem, info.about).targets
        pairs = list(read_targets(records, split, targets).as_numpy_iterator())
        groups = groups_in([id for _, id, _ in pairs], [group for *_, group in pairs])
        return replace(joined(found, info.num_images(split)), groups=np.array(groups))

    def _compute(self, batches: Iterable[Any], paths: list[Path]) -> Iterator[ArraysByName]:
        waiting = iter(batches)
        for path in paths:
            pairs = [
                (self._compute_batch(images), targets.numpy())
                for images, targets, _ in islice(waiting, BATCHES_PER_FILE)
            ]
            part = {
                "features": np.concatenate([features for features, _ in pairs]),
                "targets": np.concatenate([targets for _, targets in pairs]),
            }
            save_arrays(path, part)
            self.num_computed += len(part["targets"])
            yield part


def whole_parts(paths: Iterable[Path]) -> Iterator[ArraysByName]:
    """Yield what the files hold up to the first that is missing or damaged.

    They are written in order: what comes after it is computed again.
    """
    for path in paths:
        part = load_arrays(path)
        if part is None:
            return
        yield part


def fast_function(model: keras.Model) -> Compute:
    """Return the model as a function of uint8 images, with its weights as constants.

    TensorFlow then folds batch normalisation into convolutions: a third less time on CPUs.
    """
    spec = tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)
    graph = tf.function(lambda images: model(tf.cast(images, tf.float32), training=False))
    constant = convert_variables_to_constants_v2(graph.get_concrete_function(spec))
    return lambda images: constant(images)[0].numpy()
