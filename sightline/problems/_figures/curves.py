"""The precision-recall curve in a few points."""

import numpy as np

from sightline.stage.formats.evaluation import Booleans, Floats, Part

MOST_POINTS = 50


class RecallPoint(Part):
    """One point of a precision-recall curve."""

    threshold: float
    precision: float
    recall: float


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
