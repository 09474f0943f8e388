"""The model that is studied: the one that judges labels."""

from typing import Any

import numpy as np

from components.label_check.collection.study import Counts, Flags, Predict
from components.label_check.wrong_labels.folds import folds_of
from components.label_check.wrong_labels.judgement import NUM_FOLDS
from components.label_check.wrong_labels.points import points_of
from components.label_check.wrong_labels.probabilities import out_of_fold

Floats = np.ndarray[Any, np.dtype[np.floating[Any]]]


def logistic_regression(features: Floats, labels: Counts, groups: Counts) -> Predict:
    """Return answers out of fold for images of which only some may be learned from.

    Args:
        features: float32 [n, d].
        labels: class of each image, from 0.
        groups: images with one number lie in one fold.
    """
    points = points_of(features, seed=0)
    num_classes = int(labels.max()) + 1

    def predict(part: Flags, seed: int) -> Floats:
        folds = folds_of(labels, groups, NUM_FOLDS, seed)
        return out_of_fold(points, labels, folds, num_classes=num_classes, trusted=part, seed=seed)

    return predict
