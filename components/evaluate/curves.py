"""The ROC curve over all classes, and what the pipeline UI's viewers read."""

from collections.abc import Sequence

import numpy as np

from sightline.stage.evaluation import CurvePoint, Predictions
from sightline.stage.ports import Metadata

MOST_POINTS = 50


def roc_points(predictions: Predictions) -> tuple[CurvePoint, ...]:
    """Return at most 50 points of the micro-averaged ROC curve, evenly spaced along the curve.

    Every class is held against the rest and all decisions are pooled. One class gives no curve.
    """
    from sklearn.metrics import roc_curve

    num_classes = len(predictions.classes)
    if num_classes < 2:
        return ()
    is_class = predictions.truth[:, np.newaxis] == np.arange(num_classes)
    false_rate, true_rate, threshold = roc_curve(
        is_class.ravel(), predictions.probabilities.ravel()
    )
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


def classification_metadata(
    classes: Sequence[str],
    confusion_matrix: Sequence[Sequence[int]],
    points: Sequence[CurvePoint],
) -> Metadata:
    """Return metadata of a ClassificationMetrics artifact as kfp's own class writes it."""
    return {
        "confusionMatrix": {
            "annotationSpecs": [{"displayName": name} for name in classes],
            "rows": [{"row": list(row)} for row in confusion_matrix],
        },
        "confidenceMetrics": [
            {
                "confidenceThreshold": point.threshold,
                "recall": point.true_positive_rate,
                "falsePositiveRate": point.false_positive_rate,
            }
            for point in points
        ],
    }
