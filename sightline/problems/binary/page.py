"""The sections of the report of a model that answers yes or no."""

from collections.abc import Sequence

from sightline.problems._pages.answering import show_answering
from sightline.problems._pages.cells import rounded
from sightline.problems._pages.compared import show_champion
from sightline.problems._pages.confusion import EACH_ANSWER, show_confusion
from sightline.problems._pages.costs import show_costs
from sightline.problems._pages.fairness import show_fairness
from sightline.problems._pages.mistakes import MOST_CONFIDENT, counted_mistakes, show_mistakes
from sightline.problems._pages.probabilities import (
    show_precision_recall,
    show_reliability,
    show_roc,
)
from sightline.problems._pages.slices import show_slices
from sightline.problems._pages.table import AGREEMENT, show_averages, show_figures
from sightline.problems.binary.info import BinaryInfo
from sightline.problems.judging import Mistake
from sightline.stage.report.page import Cell, Page

MEANINGS = {
    "f1": ("F1", "of precision and recall; 1 is perfect"),
    "precision": ("precision", "share of those named positive that are"),
    "recall": ("recall", "share of the positive that are found (sensitivity)"),
    "specificity": ("specificity", "share of the others that are left alone"),
    "false_positive_rate": ("false positive rate", "share of the others that are named positive"),
    "false_negative_rate": ("false negative rate", "share of the positive that are missed"),
    "negative_predictive_value": (
        "negative predictive value",
        "share of those not named positive that are not",
    ),
    "f2": ("F2", "like F1, with recall worth twice precision: misses are worse"),
    "f0_5": ("F0.5", "like F1, with precision worth twice recall: false alarms are worse"),
    "accuracy": ("accuracy", "share of right answers"),
    "balanced_accuracy": ("balanced accuracy", "mean of recall and specificity"),
    **AGREEMENT,
    "roc_auc": ("ROC AUC", "area under the ROC curve; 0.5 is guessing; needs no threshold"),
    "average_precision": ("average precision", "area under the precision-recall curve"),
    "log_loss": ("log loss", "0 is perfect; confident mistakes cost most"),
    "brier_score": ("Brier score", "squared error of the probability; 0 is perfect, 1 the worst"),
    "expected_calibration_error": (
        "expected calibration error",
        "gap between probability and how often it is true; 15 equally wide bins",
    ),
}
AVERAGES = ("macro", "weighted", "micro")


def summary(info: BinaryInfo) -> dict[str, Cell]:
    """Return what stands beside the decision."""
    figures = info.metrics
    return {
        f"F1 of {info.positive_class}": rounded(figures["f1"].value),
        "precision": rounded(figures["precision"].value),
        "recall": rounded(figures["recall"].value),
        "accuracy": rounded(figures["accuracy"].value),
    }


def show(page: Page, info: BinaryInfo, mistakes: Sequence[Mistake]) -> None:
    """Show figures, the live model, the four counts, mistakes, probabilities and slices."""
    page.section(
        "Figures",
        f"On the test split, which training never saw. '{info.positive_class}' is named from a "
        f"probability of {info.threshold:.4g} on.",
    )
    show_figures(page, info.metrics, MEANINGS)
    show_averages(
        page,
        info.metrics,
        AVERAGES,
        caption="Of both classes. macro: each class counts the same; weighted: by its images; "
        "micro: each image counts the same, which is accuracy.",
    )
    show_champion(page, info.champion)
    show_costs(
        page,
        info.costs,
        chosen=f"'{info.positive_class}' is named from {info.threshold:.4g} on.",
    )
    page.section("Classes", "How many images of either class are named what.")
    show_confusion(page, info.confusion_matrix, info.classes)
    _show_mistakes(page, info, mistakes)
    page.section("Probabilities", "Whether they rank well, and whether they mean what they say.")
    show_roc(page, info.roc_curve, of=f"'{info.positive_class}' against the other class")
    show_precision_recall(page, info.precision_recall, of=f"of '{info.positive_class}'")
    show_reliability(page, info.calibration, sure="probability", true="true")
    show_answering(page, info.answering)
    show_slices(page, info.slices)
    show_fairness(page, info.fairness)


def outline(page: Page, info: BinaryInfo) -> None:
    """Show how many images of either class are named what."""
    show_confusion(page, info.confusion_matrix, info.classes, front=False, whole=EACH_ANSWER)


def _show_mistakes(page: Page, info: BinaryInfo, mistakes: Sequence[Mistake]) -> None:
    total = info.num_images - sum(row[at] for at, row in enumerate(info.confusion_matrix))
    show_mistakes(
        page,
        mistakes,
        title=MOST_CONFIDENT,
        told=counted_mistakes(len(mistakes), total),
        answer=lambda item: f"{'missed' if item.truth else 'false alarm'} {float(item.answer):.2f}",
        truth=lambda _: "",
        caption=f"The probability of '{info.positive_class}' that was answered, and the file.",
    )
