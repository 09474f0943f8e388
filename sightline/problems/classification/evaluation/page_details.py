"""The later parts of the report: classes, curves and slices."""

from collections.abc import Sequence

from sightline.problems._figures.cells import interval, rounded
from sightline.problems._figures.curves import RecallPoint
from sightline.problems.classification.evaluation.confusion import show_confusion
from sightline.problems.classification.evaluation.info import (
    CalibrationBin,
    ClassFigures,
    ClassificationInfo,
    CurvePoint,
    SliceFigures,
)
from sightline.stage.report import charts
from sightline.stage.report.page import Page


def show_classes(page: Page, info: ClassificationInfo) -> None:
    """Show every class, where its images go, and the most common confusions."""
    page.section("Classes", "Lowest recall first.")
    ordered = sorted(info.per_class, key=_recall_then_name)
    page.table(
        ["class", "images", "recall", "interval", "precision", "F1", "ROC AUC", "PR AUC"],
        [
            [
                item.name,
                item.support,
                rounded(item.recall.value),
                interval(item.recall) or item.recall.reason,
                rounded(item.precision.value),
                rounded(item.f1.value),
                rounded(item.roc_auc.value),
                rounded(item.average_precision.value),
            ]
            for item in ordered
        ],
        bars=("images",),
        caption="'interval' is that of recall; evaluation.json has those of precision. Areas are "
        "of the class against the rest.",
    )
    show_confusion(page, info.confusion_matrix, info.classes)
    _show_confusions(page, info)


def _recall_then_name(item: ClassFigures) -> tuple[bool, float, str]:
    return item.recall.value is None, item.recall.value or 0.0, item.name


def _show_confusions(page: Page, info: ClassificationInfo) -> None:
    pairs = [
        (count, info.classes[row], info.classes[column])
        for row, counts in enumerate(info.confusion_matrix)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
    if pairs:
        page.table(
            ["truth", "taken for", "images"],
            [[truth, prediction, count] for count, truth, prediction in pairs[:20]],
            bars=("images",),
            caption=f"Most common confusions, {min(len(pairs), 20)} of {len(pairs):,}.",
        )


def show_curves(page: Page, info: ClassificationInfo) -> None:
    """Show whether probabilities rank well, and whether they mean what they say."""
    page.section("Probabilities", "Whether they rank well, and whether they mean what they say.")
    show_roc(page, info.roc_curve, of="each class against the rest, all decisions pooled")
    show_reliability(page, info.calibration)


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


def show_slices(page: Page, slices: Sequence[SliceFigures], *, what: str = "accuracy") -> None:
    """Show accuracy on parts of the test split, if the dataset has slice columns."""
    if not slices:
        return
    title = f"{what[0].upper()}{what[1:]} where images share an attribute; lowest first."
    page.section("Slices", title)
    ordered = sorted(slices, key=lambda item: (item.accuracy.value or 0.0, item.value))
    page.table(
        ["column", "value", "images", "accuracy", "interval"],
        [
            [
                item.column,
                item.value,
                item.num_images,
                rounded(item.accuracy.value),
                interval(item.accuracy),
            ]
            for item in ordered
        ],
        bars=("images",),
    )
