"""Curves that say whether probabilities rank well, and mean what they say."""

from collections.abc import Sequence

from sightline.problems._figures.calibration import CalibrationBin
from sightline.problems._figures.curves import CurvePoint, RecallPoint
from sightline.problems._pages.cells import rounded
from sightline.stage.report import charts
from sightline.stage.report.page import Page


def show_roc(page: Page, points: Sequence[CurvePoint], *, of: str) -> None:
    """Draw the ROC curve, if there is one; `of` says of what."""
    if points:
        page.figure(
            charts.curve(
                [point.false_positive_rate for point in points],
                [point.true_positive_rate for point in points],
                x_label="false positive rate",
                y_label="true positive rate",
                diagonal=True,
            ),
            caption=f"ROC curve, {of}.",
        )


def show_precision_recall(page: Page, points: Sequence[RecallPoint], *, of: str) -> None:
    """Draw the precision-recall curve, if there is one; `of` says of what."""
    if points:
        ordered = sorted(points, key=lambda point: point.recall)
        page.figure(
            charts.curve(
                [point.recall for point in ordered],
                [point.precision for point in ordered],
                x_label="recall",
                y_label="precision",
            ),
            caption=f"Precision-recall curve, {of}.",
        )


def show_reliability(
    page: Page,
    bins: Sequence[CalibrationBin],
    *,
    counted: str = "images",
    sure: str = "confidence",
    true: str = "accuracy",
) -> None:
    """Show how often answers are right, by how sure the model is of them.

    `counted` are those in a bin; `sure` and `true` name its two sides.
    """
    page.figure(
        charts.curve(
            [item.confidence for item in bins],
            [item.accuracy for item in bins],
            x_label=f"mean {sure}",
            y_label=true,
            diagonal=True,
            points=True,
        ),
        caption="Reliability: below the dotted line the model is too sure of itself.",
    )
    page.table(
        [sure, counted, f"mean {sure}", true],
        [
            [
                f"{item.low:.2f} to {item.high:.2f}",
                item.num_images,
                rounded(item.confidence),
                rounded(item.accuracy),
            ]
            for item in bins
        ],
        bars=(counted,),
    )
