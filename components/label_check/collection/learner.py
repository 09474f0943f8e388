"""The model of the study: that which doubts labels, on its points of fewer directions."""

from typing import Any

import numpy as np

from components.label_check.collection.study import Counts, Flags, Predict
from components.label_check.wrong_labels.probabilities import out_of_fold
from sightline.stage.folds import NUM_FOLDS, folds_of

NUM_DIRECTIONS = 128
"""All 512 take longer and gain a point of accuracy; the curve has the same form."""


def learner(
    points: np.ndarray[Any, np.dtype[np.floating[Any]]], labels: Counts, groups: Counts
) -> Predict:
    """Return what answers out of fold for images that share no group with those learned from."""
    learned = np.asarray(points, np.float32)
    num_classes = int(labels.max()) + 1

    def predict(known: Flags, seed: int) -> np.ndarray[Any, np.dtype[np.floating[Any]]]:
        folds = folds_of(labels, groups, NUM_FOLDS, seed)
        return out_of_fold(learned, labels, folds, num_classes=num_classes, trusted=known)

    return predict
