"""What the page of train says of a head and of its probabilities."""

from collections.abc import Mapping, Sequence

from sightline.problems.training import Decided
from sightline.stage.folds import NUM_FOLDS
from sightline.stage.formats.model import Calibration, HeadInfo
from sightline.stage.report.page import Cell, Page

STRENGTH, CROSS_VALIDATED = "strength", "cross_validated_loss"
OF_LINEAR_HEADS = (STRENGTH, CROSS_VALIDATED)
"""Figures that a strength has and no epoch."""


def is_linear(history: Sequence[Mapping[str, float]]) -> bool:
    """Whether rows are of strengths of a linear head, and not of epochs."""
    return STRENGTH in history[0]


def add_strengths(page: Page, history: Sequence[Mapping[str, float]]) -> None:
    """Show what cross-validation chose from."""
    rows: list[list[Cell]] = [
        [number, *(round(row[name], 4) for name in OF_LINEAR_HEADS)]
        for number, row in enumerate(history, start=1)
    ]
    page.table(
        ["", "strength (inverse regularisation)", "cross-validated loss"],
        rows,
        caption=f"{NUM_FOLDS} folds of the training images; the lowest loss is chosen.",
    )


def head_text(head: HeadInfo | None) -> str:
    """Name a head in a cell."""
    if head is None:
        return "trained with the network"
    strength = "" if head.strength is None else f", strength {head.strength:g}"
    return f"{head.name}{head.model and f' ({head.model}{strength})'}"


def add_calibration(page: Page, found: Calibration, *, of_folds: bool = False) -> None:
    """Show what the temperature did, or why there is none."""
    page.section("Calibration", found.reason)
    (error, error_after), (loss, loss_after) = found.calibration_error, found.log_loss
    page.table(
        ["out-of-fold images" if of_folds else "validation images", "before", "after"],
        [
            ["temperature", 1.0, round(found.temperature, 4)],
            ["expected calibration error", _rounded(error), _rounded(error_after)],
            ["log loss", round(loss, 4), round(loss_after, 4)],
        ],
        caption="After: each image at the temperature that the others gave.",
    )


def add_thresholds(page: Page, decided: Decided, *, of_folds: bool = False) -> None:
    """Show the thresholds that were chosen by costs, and why."""
    page.section(
        "Thresholds by cost",
        "From which probability on a name is given, an answer counts, or costs decide; chosen on "
        + ("images that folds held out for validation" if of_folds else "validation images")
        + ", evaluated on the test split as they are.",
    )
    page.table(
        ["of", "threshold", "why"],
        [
            [name, value if isinstance(value, str) else round(value, 4), reason]
            for name, value, reason in decided.rows
        ],
    )


def _rounded(value: float | None) -> Cell:
    return "none" if value is None else round(value, 4)
