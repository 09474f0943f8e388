"""The confusion matrix on the page: whole where names fit, else the classes that matter most."""

from collections.abc import Sequence

import numpy as np

from sightline.stage.report import charts
from sightline.stage.report.page import Page

MOST_CLASSES = 24
"""Classes shown by name where all would not fit."""
OTHERS = "all others"
EACH_ANSWER = "out_of_fold.parquet has every answer"
"""Where the whole matrix can be had of, outside evaluate."""


def show_confusion(
    page: Page,
    matrix: Sequence[Sequence[int]],
    classes: Sequence[str],
    *,
    front: bool = True,
    whole: str = "evaluation.json has the whole matrix",
) -> None:
    """Add the matrix as a picture, which with `front` the run's page shows, too."""
    counts = np.asarray(matrix)
    caption = "Where each class goes. Off the diagonal are mistakes."
    if len(classes) > charts.HEATMAP_NAMES_UP_TO:
        chosen = most_confused(counts)
        names = [*(classes[index] for index in chosen), OTHERS]
        caption = (
            f"{caption} Of {len(classes):,} classes, the {len(chosen)} with the most mistakes; "
            f"{whole}."
        )
        counts, classes = folded(counts, chosen), names
    picture = charts.heatmap(
        counts,
        row_names=classes,
        column_names=classes,
        row_label="truth",
        column_label="prediction",
    )
    page.figure(picture, caption=caption, front=front)


def most_confused(counts: np.ndarray) -> list[int]:
    """Return the classes with the most mistakes, from and to them, in the order of the classes."""
    wrong = counts - np.diag(np.diag(counts))
    involved = wrong.sum(axis=0) + wrong.sum(axis=1)
    return sorted(np.argsort(-involved, kind="stable")[:MOST_CLASSES].tolist())


def folded(counts: np.ndarray, chosen: Sequence[int]) -> np.ndarray:
    """Keep these rows and columns, and add up all others in one more of each."""
    rest = [index for index in range(len(counts)) if index not in set(chosen)]
    rows = np.vstack([counts[list(chosen)], counts[rest].sum(axis=0)])
    return np.hstack([rows[:, list(chosen)], rows[:, rest].sum(axis=1, keepdims=True)])
