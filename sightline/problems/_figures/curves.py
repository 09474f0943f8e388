"""The ROC and the precision-recall curve in a few points."""

import numpy as np

from sightline.stage.arrays import Booleans, Floats
from sightline.stage.formats.evaluation import Part

MOST_POINTS = 50


class CurvePoint(Part):
    """One point of a ROC curve."""

    threshold: float
    true_positive_rate: float
    false_positive_rate: float


class RecallPoint(Part):
    """One point of a precision-recall curve."""

    threshold: float
    precision: float
    recall: float


def roc_of(truth: Booleans, scores: Floats) -> tuple[CurvePoint, ...]:
    """Return at most 50 points of the ROC curve of answers [n], evenly spaced along the curve."""
    from sklearn.metrics import roc_curve

    false_rate, true_rate, threshold = roc_curve(truth, scores)
    # scikit-learn starts at infinity, which is no JSON number: above 1 nothing is predicted.
    threshold = np.minimum(threshold, 1.0)
    length = np.concatenate([[0.0], np.cumsum(np.diff(false_rate) + np.diff(true_rate))])
    kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], MOST_POINTS)))
    return tuple(
        CurvePoint(
            threshold=float(threshold[index]),
            true_positive_rate=float(true_rate[index]),
            false_positive_rate=float(false_rate[index]),
        )
        for index in kept
    )


def precision_recall_points(truth: Booleans, scores: Floats) -> tuple[RecallPoint, ...]:
    """Return at most 50 points, evenly spaced in recall; none where all answers are alike [n]."""
    from sklearn.metrics import precision_recall_curve

    if truth.all() or not truth.any():
        return ()
    precision, recall, thresholds = precision_recall_curve(truth, scores)
    # Recall falls along the curve; its last point, of no answer at all, has no threshold.
    wanted = np.linspace(0, 1, MOST_POINTS)
    kept = np.unique(np.searchsorted(-recall[:-1], -wanted).clip(0, len(thresholds) - 1))
    return tuple(
        RecallPoint(
            threshold=float(thresholds[at]),
            precision=float(precision[at]),
            recall=float(recall[at]),
        )
        for at in kept
    )
