"""The cells of each label's own confusion matrix, and the images in them."""

from typing import Literal

import numpy as np

from sightline.problems.judging import ImageCell
from sightline.problems.multi_label.evaluation.info import SetPredictions

Way = Literal["found", "missed", "wrongly named"]


def label_cells(predictions: SetPredictions) -> list[ImageCell]:
    """Return for each label the images it is found in, missed in and wrongly named in.

    The model was surest of the first of the mistakes, and least sure of the first of the found.
    """
    truth, given = predictions.truth, predictions.prediction
    ways: dict[Way, np.ndarray] = {
        "missed": truth & ~given,
        "wrongly named": given & ~truth,
        "found": truth & given,
    }
    found = []
    for at, name in enumerate(predictions.classes):
        chances = predictions.probabilities[:, at]
        for way, members in ways.items():
            rows = np.flatnonzero(members[:, at])
            order = np.argsort(-chances[rows] if way == "wrongly named" else chances[rows])
            if len(rows):
                found.append(
                    ImageCell(
                        anchor=label_anchor(at, way),
                        title=f"{name}, {way}",
                        rows=rows[order].tolist(),
                        wrong=way != "found",
                    )
                )
    return found


def label_anchor(label: int, way: Way) -> str:
    """Return what links on the page call a cell of the label at this place."""
    return f"label-{label}-{way.replace(' ', '-')}"
