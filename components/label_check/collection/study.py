"""A learning curve of a simple model on features, out of sample, and what it says per class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.label_check.collection.power_law import errors_at
from sightline.problems._figures.intervals import percentile, resample_weights, wilson
from sightline.stage.folds import NUM_FOLDS
from sightline.stage.formats.evaluation import Figure

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Counts = np.ndarray[Any, np.dtype[np.int64]]
Predict = Callable[[Flags, int], np.ndarray[Any, np.dtype[np.floating[Any]]]]
"""Images that may be learned from [n] and a seed of folds -> probabilities, out of fold
[n, classes]."""

SHARES = (0.25, 0.5, 0.75, 1.0)
NUM_REPEATS = 4
NUM_RESAMPLES = 200
LEVEL = 0.95
LEARNED_SHARE = 1 - 1 / NUM_FOLDS
"""Of five folds, four are learned from."""


@dataclass(frozen=True, slots=True)
class ClassStudy:
    """How well one class is known."""

    name: str
    num_images: int
    known: Figure
    """Share of its images that are told right."""
    with_half: float
    """The same with half of the images to learn from."""
    taken_for: str
    """The class that its images are mistaken for most; empty where none is."""


@dataclass(frozen=True, slots=True)
class Study:
    """What a model makes of the images, by how many it learns from."""

    sizes: tuple[int, ...]
    """Numbers of images to learn from."""
    accuracy: tuple[Figure, ...]
    doubled: Figure
    """Accuracy with twice as many images as there are, by a power law."""
    gain: Figure
    """What that is more than now."""
    classes: tuple[ClassStudy, ...]
    rows: tuple[int, ...]
    """The rows of the dataset that were looked at."""
    labels: Counts
    """Class of each of them."""
    wrong: Flags
    """Whether each of them is told wrong."""
    num_images: int
    """How many images the dataset has; more than rows where a sample was looked at."""


def study(
    predict: Predict,
    labels: Counts,
    *,
    names: Sequence[str],
    rows: Sequence[int],
    num_images: int,
    seed: int = 0,
) -> Study:
    """Measure a model that learns from a quarter, half, three quarters and all of the images.

    `labels` are the classes of the images that `predict` knows, `rows` their rows of the dataset.
    """
    right = np.empty((NUM_REPEATS, len(SHARES), len(labels)))
    for repeat in range(NUM_REPEATS):
        for at, share in enumerate(SHARES):
            part = subset(labels, share, seed + repeat)
            answers = predict(part, seed + repeat).argmax(axis=1)
            right[repeat, at] = answers == labels
    sizes = LEARNED_SHARE * len(labels) * np.array(SHARES)
    drawn = _resampled(right, seed)
    now, later = (errors_at(sizes, 1 - drawn, LEARNED_SHARE * num_images * by) for by in (1, 2))
    means = right.mean(axis=(0, 2))
    expected = [
        float(errors_at(sizes, 1 - means[np.newaxis], LEARNED_SHARE * num_images * by)[0])
        for by in (1, 2)
    ]
    return Study(
        sizes=tuple(round(size) for size in sizes),
        accuracy=tuple(
            percentile(float(mean), drawn[:, at], level=LEVEL) for at, mean in enumerate(means)
        ),
        doubled=percentile(1 - expected[1], 1 - later, level=LEVEL),
        gain=percentile(expected[0] - expected[1], now - later, level=LEVEL),
        classes=_classes(right, labels, answers, names),
        rows=tuple(rows),
        labels=labels,
        wrong=right[-1, -1] == 0,
        num_images=num_images,
    )


def subset(labels: Counts, share: float, seed: int) -> Flags:
    """Return a share of the images of every class, at least one; smaller shares lie in larger."""
    place = np.empty(len(labels))
    random = np.random.default_rng(seed)
    for name in np.unique(labels):
        members = np.flatnonzero(labels == name)
        place[members] = random.permutation(len(members)) / len(members)
    return place < share


def _resampled(right: Floats, seed: int) -> Floats:
    """Return accuracies of resampled images and repeats [resamples, shares]."""
    num_repeats, num_shares, num_images = right.shape
    columns = right.reshape(-1, num_images).T / num_images
    blocks = [
        weights @ columns
        for weights in resample_weights(num_images, samples=NUM_RESAMPLES, seed=seed)
    ]
    drawn = np.concatenate(blocks).reshape(NUM_RESAMPLES, num_repeats, num_shares)
    chosen = np.random.default_rng(seed).integers(0, num_repeats, (NUM_RESAMPLES, num_repeats))
    return np.asarray(np.take_along_axis(drawn, chosen[:, :, np.newaxis], axis=1).mean(axis=1))


def _classes(
    right: Floats, labels: Counts, answers: Counts, names: Sequence[str]
) -> tuple[ClassStudy, ...]:
    found = []
    for place, name in enumerate(names):
        members = labels == place
        count = int(members.sum())
        if not count:
            continue
        known = wilson(int(right[-1, -1, members].sum()), count, level=LEVEL)
        others = np.bincount(answers[members], minlength=len(names))
        others[place] = 0
        half = float(right[:, SHARES.index(0.5), members].mean())
        taken_for = names[int(others.argmax())] if others.any() else ""
        found.append(ClassStudy(name, count, known, half, taken_for))
    return tuple(sorted(found, key=lambda one: (one.known.value or 0, one.name)))
