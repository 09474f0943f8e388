"""The ROC and the precision-recall curve over all classes."""

from sightline.problems._figures.curves import (
    CurvePoint,
    RecallPoint,
    precision_recall_points,
    roc_of,
)
from sightline.problems.classification.evaluation.info import ClassPredictions


def roc_points(predictions: ClassPredictions) -> tuple[CurvePoint, ...]:
    """Return at most 50 points of the micro-averaged ROC curve, evenly spaced along the curve.

    Every class is held against the rest and all decisions are pooled. One class gives no curve.
    """
    if len(predictions.classes) < 2:
        return ()
    return roc_of(predictions.decisions.ravel(), predictions.probabilities.ravel())


def recall_points(predictions: ClassPredictions) -> tuple[RecallPoint, ...]:
    """Return the micro-averaged precision-recall curve in the same way."""
    return precision_recall_points(predictions.decisions.ravel(), predictions.probabilities.ravel())
