"""The confusion matrix on the page: whole where names fit, else the classes that matter most."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sightline.problems.judging import ImageCell
from sightline.stage.arrays import Floats, Integers
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
    counts, shown = np.asarray(matrix), len(classes)
    caption = "Where each class goes. Off the diagonal are mistakes."
    if chosen := _chosen(counts):
        caption = (
            f"{caption} Of {shown:,} classes, the {len(chosen)} with the most mistakes; {whole}."
        )
        counts, classes = folded(counts, chosen), _names(classes, chosen)
    picture = charts.heatmap(
        counts,
        row_names=classes,
        column_names=classes,
        row_label="truth",
        column_label="prediction",
        links=anchor,
    )
    page.figure(picture, caption=caption, front=front, opens="Choose a cell to see its images.")


def confusion_cells(
    truth: Integers, prediction: Integers, sureness: Floats, classes: Sequence[str]
) -> list[ImageCell]:
    """Return the cells of the matrix that have images.

    Mistakes are ordered by how sure the model was, the surest first; right answers the other way.

    Args:
        truth: index of the true class [n].
        prediction: index of the named class [n].
        sureness: probability of the named class [n].
        classes: in their order.
    """
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (truth, prediction), 1)
    names, places = list(classes), np.arange(len(classes))
    if chosen := _chosen(counts):
        names = _names(classes, chosen)
        places = np.full(len(classes), len(chosen))
        places[chosen] = np.arange(len(chosen))
    rows, columns = places[truth], places[prediction]
    # Among the classes that are shown together, right answers and mistakes share a cell.
    order = np.argsort(np.where(truth == prediction, 1 - sureness, -1 - sureness), kind="stable")
    found: dict[tuple[int, int], list[int]] = {}
    for at in order.tolist():
        found.setdefault((int(rows[at]), int(columns[at])), []).append(at)
    return [
        ImageCell(
            anchor=anchor(row, column),
            title=_title(names[row], names[column]),
            rows=images,
            wrong=bool((truth[images] != prediction[images]).any()),
        )
        for (row, column), images in sorted(found.items())
    ]


def anchor(row: int, column: int) -> str:
    """Return what links on the page call a cell."""
    return f"cell-{row}-{column}"


def _title(truth: str, prediction: str) -> str:
    if OTHERS in (truth, prediction):
        return f"truth {truth}, prediction {prediction}"
    return f"{truth}, rightly named" if truth == prediction else f"{truth} taken for {prediction}"


def _chosen(counts: "np.ndarray[Any, Any]") -> list[int]:
    """Return the classes that are shown by name; none where all are."""
    return most_confused(counts) if len(counts) > charts.HEATMAP_NAMES_UP_TO else []


def _names(classes: Sequence[str], chosen: Sequence[int]) -> list[str]:
    return [*(classes[index] for index in chosen), OTHERS]


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
