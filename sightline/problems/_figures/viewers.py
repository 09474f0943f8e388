"""What the viewers of a pipeline's UI read about a classifier."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sightline.ground.ports import Metadata
from sightline.problems._figures.curves import CurvePoint

Counts = npt.NDArray[np.int64]

MOST_CLASSES = 100
"""A larger matrix would not fit into the 200 KB that Vertex AI keeps of an artifact's metadata."""


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
