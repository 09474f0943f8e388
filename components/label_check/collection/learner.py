"""The model of the study: that which doubts labels, on fewer directions of the features."""

from typing import Any

import numpy as np

from components.label_check.collection.study import Counts, Flags, Predict
from components.label_check.wrong_labels.folds import NUM_FOLDS, folds_of
from components.label_check.wrong_labels.points import points_of
from components.label_check.wrong_labels.probabilities import out_of_fold

NUM_DIRECTIONS = 128
"""All 512 take longer and gain a point of accuracy; the curve has the same form."""


def learner(
    features: np.ndarray[Any, np.dtype[np.floating[Any]]], labels: Counts, groups: Counts
) -> Predict:
    """Return what answers out of fold for images that share no group with those learned from."""
    points = points_of(np.asarray(features, np.float32), 0)[:, :NUM_DIRECTIONS]
    num_classes = int(labels.max()) + 1

    def predict(known: Flags, seed: int) -> np.ndarray[Any, np.dtype[np.floating[Any]]]:
        folds = folds_of(labels, groups, NUM_FOLDS, seed)
        return out_of_fold(points, labels, folds, num_classes=num_classes, trusted=known)

    return predict
