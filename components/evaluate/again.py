"""The headline figures again, without images that make them say too much or too little."""

from collections.abc import Sequence

import numpy as np

from components.evaluate.own_metrics.measure import Figures
from sightline.ground.wording import counted
from sightline.problems._pages.cells import interval, rounded
from sightline.stage.formats.evaluation import Again, EvaluationInfo, Predictions
from sightline.stage.report.page import Cell, Page

SUSPECTS = "images whose label looks wrong"
LIKE_TRAINING = "near-duplicates of training images"
NOT_JUDGED = "Not run: label check judged no labels of these images (label_check.wrong_labels)."
NOT_LOOKED_FOR = (
    "Not run: label check looked for no near-duplicates (label_check.near_duplicates), or the "
    "model does not name its training images."
)
NONE_LEFT = "Not run: no image would be left."
NOT_OF_THIS_KIND = "Not run: this kind of problem measures no parts of the test split."


def measure_again(
    predictions: Predictions, info: EvaluationInfo, figures: Figures
) -> tuple[Again, ...]:
    """Measure the headline figures without suspects and without copies; it decides nothing."""
    parts = (
        (SUSPECTS, predictions.doubted, NOT_JUDGED),
        (LIKE_TRAINING, predictions.like_training, NOT_LOOKED_FOR),
    )
    return tuple(
        _without(name, marked, unknown, predictions, info, figures)
        for name, marked, unknown in parts
    )


def _without(
    name: str,
    marked: Sequence[bool | None],
    unknown: str,
    predictions: Predictions,
    info: EvaluationInfo,
    measured: Figures,
) -> Again:
    if all(mark is None for mark in marked):
        return Again(without=name, num_images=0, reason=unknown)
    left_out = np.array([bool(mark) for mark in marked])
    count = int(left_out.sum())
    if not count:
        return Again(without=name, num_images=0)
    if left_out.all():
        return Again(without=name, num_images=count, reason=NONE_LEFT)
    found = measured.of(predictions.of_rows(np.flatnonzero(~left_out)))
    figures = {one.name: found[one.name] for one in info.headline if one.name in found}
    reason = "" if figures else NOT_OF_THIS_KIND
    return Again(without=name, num_images=count, reason=reason, figures=figures)


def show_again(page: Page, info: EvaluationInfo) -> None:
    """Show the figures beside those of all images."""
    if not info.again:
        return
    page.section(
        "Without doubtful images",
        "Wrong labels count right answers as mistakes; near-duplicates of training images count "
        "what was learned by heart as right. Nothing is decided by these figures.",
    )
    labels = {one.name: one.label for one in info.headline}
    page.table(
        ["left out", "images", *(cell for name in labels.values() for cell in (name, "interval"))],
        [
            ["nothing", info.num_images, *_of_all(info)],
            *([one.without, one.num_images, *_of(one, list(labels))] for one in info.again),
        ],
    )
    for one in info.again:
        if one.reason:
            page.notice("info", f"Without {one.without}: {one.reason}")
        elif not one.num_images:
            page.notice(
                "info", f"None of {counted(info.num_images, 'test image')} is among {one.without}."
            )


def _of_all(info: EvaluationInfo) -> list[Cell]:
    figures = [info.metrics[one.name] for one in info.headline]
    return [cell for one in figures for cell in (rounded(one.value), interval(one))]


def _of(again: Again, names: Sequence[str]) -> list[Cell]:
    if not again.figures:
        return ["not run" if again.reason else "the same", ""] * len(names)
    return [
        cell
        for name in names
        for figure in [again.figures[name]]
        for cell in (rounded(figure.value), interval(figure))
    ]
