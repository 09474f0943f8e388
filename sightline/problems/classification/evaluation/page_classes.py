"""The report's section about classes, and where their images go."""

from sightline.problems._pages.cells import interval, rounded
from sightline.problems._pages.confusion import EACH_ANSWER, show_confusion
from sightline.problems.classification.evaluation.info import ClassFigures, ClassificationInfo
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


def outline(page: Page, info: ClassificationInfo) -> None:
    """Show where images of each class go."""
    show_confusion(page, info.confusion_matrix, info.classes, front=False, whole=EACH_ANSWER)
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
