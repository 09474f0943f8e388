"""How likely each class is for an image, from a model that never saw the image."""

import numpy as np

from components.label_check.small_problems import one_thread_if_small
from components.label_check.wrong_labels.points import Flags, Floats, Whole
from sightline.stage.features.quick_model import probabilities_of

FEWEST_FITTED_PER_CLASS = 20


def out_of_fold(
    points: Floats, labels: Whole, folds: Whole, *, num_classes: int, trusted: Flags
) -> Floats:
    """Return float32 [n, num_classes]: each fold by logistic regression on the other folds.

    Learns from `trusted` rows only.
    """
    # Imported here: half a second, and most runs of the command line never need it.
    import sklearn.linear_model  # noqa: F401 - before its linear algebra is bounded

    answers = np.zeros((len(points), num_classes), np.float32)
    with one_thread_if_small(len(points)):
        for fold in np.unique(folds):
            asked = folds == fold
            rows = np.flatnonzero(trusted & ~asked)
            answers[asked] = probabilities_of(
                points[rows], labels[rows], points[asked], num_classes
            )
    return answers


def sampled(labels: Whole, most: int, seed: int) -> Whole:
    """Return at most so many rows, but 20 of each class, or all where it has fewer."""
    if len(labels) <= most:
        return np.arange(len(labels))
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = np.argsort(labels[shuffled], kind="stable")
    in_order = labels[shuffled][by_class]
    place_in_class = np.arange(len(labels)) - np.searchsorted(in_order, in_order)
    common = np.empty(len(labels), bool)
    common[by_class] = place_in_class >= FEWEST_FITTED_PER_CLASS
    count = max(most, int((~common).sum()))
    return np.sort(shuffled[np.argsort(common, kind="stable")][:count])
