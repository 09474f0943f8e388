"""The ROC curve over all classes, and what the pipeline UI's viewers read."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sightline.ground.ports import Metadata
from sightline.problems.classification.evaluation.info import ClassPredictions, CurvePoint
from sightline.stage.formats.evaluation import Booleans, Floats

Counts = npt.NDArray[np.int64]

MOST_POINTS = 50
MOST_CLASSES = 100
"""A larger matrix would not fit into the 200 KB that Vertex AI keeps of an artifact's metadata."""


def roc_points(predictions: ClassPredictions) -> tuple[CurvePoint, ...]:
    """Return at most 50 points of the micro-averaged ROC curve, evenly spaced along the curve.

    Every class is held against the rest and all decisions are pooled. One class gives no curve.
    """
    num_classes = len(predictions.classes)
    if num_classes < 2:
        return ()
    is_class = predictions.truth[:, np.newaxis] == np.arange(num_classes)
    return roc_of(is_class.ravel(), predictions.probabilities.ravel())


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


def classification_metadata(
    classes: Sequence[str],
    confusion_matrix: Sequence[Sequence[int]],
    points: Sequence[CurvePoint],
) -> Metadata:
    """Return metadata of a ClassificationMetrics artifact as kfp's own class writes it."""
    shown, counts = pool_classes(classes, np.asarray(confusion_matrix))
    return {
        "confusionMatrix": {
            "annotationSpecs": [{"displayName": name} for name in shown],
            "rows": [{"row": row} for row in counts.tolist()],
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


def pool_classes(classes: Sequence[str], counts: Counts) -> tuple[list[str], Counts]:
    """Keep at most 100 classes, those with the most mistakes, and pool the others into one.

    counts: [truth, predicted]. Every image stays counted, and the classes stay in their order.
    """
    if len(classes) <= MOST_CLASSES:
        return list(classes), counts
    mistakes = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
    worst = np.argsort(-mistakes, kind="stable")[: MOST_CLASSES - 1]
    kept = np.sort(worst)
    place = np.full(len(classes), len(kept))
    place[kept] = np.arange(len(kept))
    pooled = np.zeros((MOST_CLASSES, MOST_CLASSES), dtype=counts.dtype)
    np.add.at(pooled, (place[:, np.newaxis], place[np.newaxis, :]), counts)
    others = f"{len(classes) - len(kept)} other classes"
    return [*(classes[index] for index in kept), others], pooled
