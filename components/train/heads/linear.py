"""A linear head: standardised features, and a strength that cross-validation chooses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from components.train.heads.examples import Array, Examples
from sightline.problems.linear import LinearModel, LinearWeights
from sightline.stage.folds import NUM_FOLDS, apart, folds_of, kinds_of
from sightline.stage.threads import one_thread

MOST_CROSS_VALIDATED = 10_000
"""Training images that choose the strength; all of them are fitted."""

Losses = Callable[[Array, Array], Array]
"""Makes the loss of each example [n] of scores [n, k] and goals [n, k]."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The model of one strength."""

    strength: float
    cross_validated_loss: float
    """Mean over training images, each by a model that never saw it."""
    weights: LinearWeights
    """For features as they are: what standardises them lies inside."""


def fit_path(model: LinearModel, training: Examples, losses: Losses, *, seed: int) -> list[Fit]:
    """Fit from strong regularisation to weak, until the cross-validated loss rises.

    The one with the lowest is `best_of` them.
    """
    # Only libraries that are loaded are bounded, and SciPy brings an OpenBLAS of its own.
    import scipy.linalg  # noqa: F401

    centre = training.features.mean(axis=0)
    spread = training.features.std(axis=0)
    spread[spread == 0] = 1
    points = (training.features - centre) / spread
    fits: list[Fit] = []
    with one_thread():
        paths = zip(
            model.strengths,
            cross_validated(model, points, training, losses, seed=seed),
            model.path(points, training.goals, training.weights),
            strict=True,
        )
        for strength, loss, (kernel, bias) in paths:
            unscaled = kernel / spread[:, None]
            fits.append(Fit(strength, loss, (unscaled, bias - centre @ unscaled)))
            if len(fits) > 1 and loss > fits[-2].cross_validated_loss:
                break
    return fits


def best_of(fits: list[Fit]) -> int:
    """Return the place of the lowest cross-validated loss; of equal ones, the stronger."""
    return int(np.argmin([one.cross_validated_loss for one in fits]))


def cross_validated(
    model: LinearModel, points: Array, training: Examples, losses: Losses, *, seed: int
) -> Iterator[float]:
    """Yield the loss of each strength on images that were held out, weighed as in training."""
    # Views of an image that is held out are, too; it is judged as it is.
    images = training.goals[: training.num_images]
    rows, folds = fold_rows(images, training.groups, seed=seed)
    goals, weights = training.goals[rows], training.weights[rows]
    held_out = [folds == fold for fold in np.unique(folds)]
    learned = [training.with_views(rows[~asked]) for asked in held_out]
    paths = [
        model.path(points[known], training.goals[known], training.weights[known])
        for known in learned
    ]
    for of_folds in zip(*paths, strict=True):
        found = np.empty(len(rows))
        for asked, (kernel, bias) in zip(held_out, of_folds, strict=True):
            found[asked] = losses(points[rows[asked]] @ kernel + bias, goals[asked])
        yield float(np.average(found, weights=weights))


def fold_rows(goals: Array, groups: Array | None, *, seed: int) -> tuple[Array, Array]:
    """Return rows to cross-validate and the fold of each; equal goals spread over all folds."""
    rows = np.random.default_rng(seed).permutation(len(goals))[:MOST_CROSS_VALIDATED]
    of_rows = np.arange(len(rows)) if groups is None else apart(groups[rows])
    return rows, folds_of(kinds_of(goals[rows]), of_rows, NUM_FOLDS, seed)
