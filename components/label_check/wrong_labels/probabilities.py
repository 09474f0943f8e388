"""How likely each class is for an image, from a model that never saw the image."""

import warnings

import numpy as np

from components.label_check.wrong_labels.points import Flags, Floats, Whole
from sightline.stage.features.quick_model import probabilities_of
from sightline.stage.parallel import map_ordered
from sightline.stage.threads import one_thread

FEWEST_FITTED_PER_CLASS = 20


def out_of_fold(
    points: Floats, labels: Whole, folds: Whole, *, num_classes: int, trusted: Flags
) -> Floats:
    """Return float32 [n, num_classes]: each fold by logistic regression on the other folds.

    Learns from `trusted` rows only.
    """
    # Imported here: half a second, and most runs of the command line never need it.
    import sklearn.linear_model  # noqa: F401 - before its linear algebra is bounded
    from sklearn.exceptions import ConvergenceWarning

    def answered(fold: int) -> tuple[Flags, Floats]:
        asked = folds == fold
        rows = np.flatnonzero(trusted & ~asked)
        return asked, probabilities_of(points[rows], labels[rows], points[asked], num_classes)

    answers = np.zeros((len(points), num_classes), np.float32)
    # Fitting is a thousand small products, after each of which threads of OpenBLAS wait for each
    # other: where others use the machine, two took ten times the processor time of one.
    with one_thread(), warnings.catch_warnings():
        # What to warn of is the whole process's: threads would take it from each other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for asked, found in map_ordered(answered, np.unique(folds).tolist(), ahead=1):
            answers[asked] = found
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
