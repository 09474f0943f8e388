"""Parts of the test split that share an attribute, such as a camera, and accuracy on them."""

from collections import Counter
from collections.abc import Iterator

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
        SliceFigures(
            column=column,
            value=value,
            num_images=int(chosen.sum()),
            accuracy=wilson(int(correct[chosen].sum()), int(chosen.sum()), level=level),
        )
        for column, value, chosen in parts_of(predictions)
    )


def parts_of(predictions: Predictions) -> Iterator[tuple[str, str, Booleans]]:
    """Yield column, value and which images have it [n], of the most common values of each column.

    An image whose cell is empty is of no part.
    """
    for column, values in predictions.slices.items():
        held = np.array(values, dtype=object)
        for value, _ in Counter(filter(None, values)).most_common(MOST_VALUES):
            yield column, value, held == value


def slice_notes(predictions: Predictions) -> list[str]:
    """Name the slice columns of which a part is left out."""
    return [
        f"Slice column '{column}' has {number:,} values; the {MOST_VALUES} most common are shown."
        for column, values in predictions.slices.items()
        if (number := len(set(filter(None, values)))) > MOST_VALUES
    ]
