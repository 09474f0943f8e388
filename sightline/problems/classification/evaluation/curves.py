"""The ROC curve over all classes."""

import numpy as np

from sightline.problems._figures.curves import CurvePoint, roc_of
from sightline.problems.classification.evaluation.info import ClassPredictions


def roc_points(predictions: ClassPredictions) -> tuple[CurvePoint, ...]:
    """Return at most 50 points of the micro-averaged ROC curve, evenly spaced along the curve.

    Every class is held against the rest and all decisions are pooled. One class gives no curve.
    """
    num_classes = len(predictions.classes)
    if num_classes < 2:
        return ()
    is_class = predictions.truth[:, np.newaxis] == np.arange(num_classes)
    return roc_of(is_class.ravel(), predictions.probabilities.ravel())
