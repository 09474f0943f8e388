"""The images that cells of truth against answer open: some of each, within what a page can hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sightline.problems import Problem
from sightline.problems.judging import ImageCell
from sightline.stage.arrays import Booleans
from sightline.stage.formats import records
from sightline.stage.formats.evaluation import Predictions
from sightline.stage.imaging.arrays import Pixels

MOST_OF_A_CELL = 12
MOST_PICTURES = 240
"""Of all cells together: about 1 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Cells that have images, and those of them that are shown."""

    of: Sequence[ImageCell]
    shown: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By a cell's anchor, rows of the predictions."""
    pixels: Mapping[str, Pixels] = field(default_factory=dict)
    """What the model sees, by image id."""


def cells_of(predictions: Predictions, problem: Problem, records_folder: Path, most: int) -> Cells:
    """Choose at most `most` images of each cell, and read what the model sees in them."""
    cells = problem.judging.cells(predictions) if most else ()
    shown = within_budget(cells, min(most, MOST_OF_A_CELL))
    kept = np.zeros(len(predictions.ids), dtype=bool)
    kept[[row for rows in shown.values() for row in rows]] = True
    pixels = _read(records_folder, kept, problem) if kept.any() else {}
    return Cells(of=cells, shown=shown, pixels=pixels)


def within_budget(cells: Sequence[ImageCell], most: int) -> dict[str, list[int]]:
    """Give every cell its first image, then its second, until there are enough.

    Mistakes come before right answers, and cells of many images before those of few.
    """
    ordered = sorted(cells, key=lambda cell: (not cell.wrong, -len(cell.rows)))
    shown: dict[str, list[int]] = {cell.anchor: [] for cell in cells}
    room = MOST_PICTURES
    for rank in range(most):
        for cell in ordered:
            if rank < len(cell.rows) and room:
                shown[cell.anchor].append(cell.rows[rank])
                room -= 1
    return shown


def _read(records_folder: Path, kept: Booleans, problem: Problem) -> dict[str, Any]:
    split = records.read_split(records_folder, "test", problem.targets, kept=kept)
    return {key.decode(): image for image, _, key in split.as_numpy_iterator()}
