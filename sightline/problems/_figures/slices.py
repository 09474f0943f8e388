"""Accuracy on parts of the test split that share an attribute, such as a camera."""

from collections import Counter

import numpy as np

from sightline.problems._figures.intervals import wilson
from sightline.stage.formats.evaluation import Booleans, Figure, Part, Predictions

MOST_VALUES = 20


class SliceFigures(Part):
    """Accuracy on the test images that share one value of a slice column."""

    column: str
    value: str
    num_images: int
    accuracy: Figure


def slice_figures(
    predictions: Predictions, correct: Booleans, *, level: float
) -> tuple[SliceFigures, ...]:
    """Measure the share of right answers per value of every slice column.

    The 20 most common values of each are measured.
    """
    return tuple(
        figures
        for column, values in predictions.slices.items()
        for figures in _one_column(correct, column, values, level)
    )


def _one_column(
    correct: Booleans, column: str, values: tuple[str | None, ...], level: float
) -> list[SliceFigures]:
    common = Counter(value for value in values if value is not None).most_common(MOST_VALUES)
    held = np.array(values, dtype=object)
    return [
        SliceFigures(
            column=column,
            value=value,
            num_images=count,
            accuracy=wilson(int(correct[held == value].sum()), count, level=level),
        )
        for value, count in common
    ]


def slice_notes(predictions: Predictions) -> list[str]:
    """Name the slice columns of which a part is left out."""
    return [
        f"Slice column '{column}' has {number:,} values; the {MOST_VALUES} most common are shown."
        for column, values in predictions.slices.items()
        if (number := len({value for value in values if value is not None})) > MOST_VALUES
    ]
