"""What augmentation did: images of the training, changed, and whether labels stay recognisable."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from components.train.augmentation.changes import Augmentation
from components.train.augmentation.page import Recognised, Sample, Seen
from components.train.augmentation.ranges import Ranges
from sightline.problems import Problem
from sightline.problems.training import Training
from sightline.stage.formats.records import RecordsInfo, read_split

MOST_SAMPLES = 8
VARIANTS = 5
LOOKED_THROUGH = 500
"""Training images, among which one of each class is looked for."""
BATCH = 32
MOST_CHECKED, MOST_CHECKED_OF_BACKBONES = 512, 128
"""Validation images that a network answers twice; a large one takes its time."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look, and for what."""

    records: Path
    info: RecordsInfo
    problem: Problem
    ranges: Ranges
    mixup: float
    seed: int


def look(look: Look, model: Any, *, has_backbone: bool) -> Seen:
    """Return changed images, and how well the model knows them.

    Args:
        look: at which images, changed how.
        model: from pixels to answers.
        has_backbone: whether the model is large.
    """
    most = MOST_CHECKED_OF_BACKBONES if has_backbone else MOST_CHECKED
    checked = recognised(look, model, most) if look.info.num_images("validation") else None
    return Seen(look.ranges.described(), look.mixup, samples_of(look), checked)


def samples_of(look: Look) -> list[Sample]:
    """Return a training image of each class, of the first ones, and variants as in training."""
    wanted = min(MOST_SAMPLES, len(look.info.classes) or MOST_SAMPLES)
    found: dict[str, Any] = {}
    targets = look.problem.targets
    images = read_split(look.records, "train", targets).take(LOOKED_THROUGH)
    for pixels, target, _ in images.as_numpy_iterator():
        found.setdefault(targets.caption(target, look.info), pixels)
        if len(found) == wanted:
            break
    change = Augmentation(look.ranges)
    samples = []
    for number, (title, pixels) in enumerate(sorted(found.items())):
        seed = tf.constant([look.seed, -2 - number], tf.int64)
        changed = change(np.repeat(pixels[np.newaxis], VARIANTS, axis=0), seed)[0]
        variants = np.asarray(tf.cast(tf.round(changed), tf.uint8))
        samples.append(Sample(title or "an image", pixels, list(variants)))
    return samples


def recognised(look: Look, model: Any, most: int) -> Recognised:
    """Return the kind's own figure of validation images as they are, and changed."""
    training, classes = look.problem.training, len(look.info.classes)
    change = Augmentation(look.ranges)
    plain, changed = _Figure(training), _Figure(training)
    for step, (images, targets) in enumerate(_validation(look, most)):
        plain.add(training.goals(targets, classes), model(images, training=False))
        pixels, transforms = change(images, tf.constant([look.seed, -1 - step], tf.int64))
        goals = training.goals(training.move(targets, transforms), classes)
        changed.add(goals, model(pixels, training=False))
    return Recognised(
        figure=plain.name,
        plain=plain.value,
        changed=changed.value,
        num_images=min(most, look.info.num_images("validation")),
        higher_is_better=training.higher_is_better if training.figures else False,
    )


def _validation(look: Look, most: int) -> Iterator[tuple[Any, Any]]:
    images = read_split(look.records, "validation", look.problem.targets).take(most).batch(BATCH)
    for pixels, targets, _ in images:
        yield tf.cast(pixels, tf.float32), targets


class _Figure:
    """The first of a kind's figures, or its loss where it has none."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._metric = next(iter(training.objective(label_smoothing=0.0).metrics), None)
        self._losses: list[float] = []
        self.name = training.figures[0] if training.figures else "loss"

    def add(self, goals: Any, answers: Any) -> None:
        if self._metric is not None:
            self._metric.update_state(goals, answers)
        else:
            self._losses.extend(self._training.losses(answers, goals))

    @property
    def value(self) -> float:
        if self._metric is None:
            return float(np.mean(self._losses))
        return float(self._metric.result())
