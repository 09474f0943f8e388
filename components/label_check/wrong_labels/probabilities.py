"""How likely each class is for an image, from a model that never saw the image."""

import warnings

import numpy as np

from components.label_check.wrong_labels.points import Flags, Floats, Whole

# Strong: wrong labels among the images to learn from must not be learned by heart.
INVERSE_REGULARISATION = 0.003
MOST_FITTED = 20_000
FEWEST_FITTED_PER_CLASS = 20
MOST_ITERATIONS = 200


def out_of_fold(
    points: Floats, labels: Whole, folds: Whole, *, num_classes: int, trusted: Flags, seed: int
) -> Floats:
    """Return float32 [n, num_classes]: each fold by logistic regression on the other folds.

    Learns from `trusted` rows only, of at most 20,000 images a fold.
    """
    answers = np.zeros((len(points), num_classes), np.float32)
    for fold in np.unique(folds):
        asked = folds == fold
        rows = sampled(np.flatnonzero(trusted & ~asked), labels, seed)
        answers[asked] = _answers(points[rows], labels[rows], points[asked], num_classes)
    return answers


def sampled(rows: Whole, labels: Whole, seed: int) -> Whole:
    """Return at most 20,000 of the rows, some of each class first."""
    if len(rows) <= MOST_FITTED:
        return rows
    shuffled = np.random.default_rng(seed).permutation(rows)
    by_class = np.argsort(labels[shuffled], kind="stable")
    in_order = labels[shuffled][by_class]
    place_in_class = np.arange(len(rows)) - np.searchsorted(in_order, in_order)
    common = np.empty(len(rows), bool)
    common[by_class] = place_in_class >= FEWEST_FITTED_PER_CLASS
    return np.sort(shuffled[np.argsort(common, kind="stable")][:MOST_FITTED])


def _answers(known: Floats, labels: Whole, asked: Floats, num_classes: int) -> Floats:
    # Imported here: half a second, and most runs of the command line never need it.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    answers = np.zeros((len(asked), num_classes), np.float32)
    seen = np.unique(labels)
    if len(seen) == 1:
        answers[:, seen] = 1
        return answers
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=MOST_ITERATIONS)
    with warnings.catch_warnings():
        # Almost as good a model ranks suspects as well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(known, labels)
    answers[:, seen] = model.predict_proba(asked)
    return answers
