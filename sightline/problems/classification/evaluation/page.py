"""The sections of a classifier's report."""

from collections.abc import Sequence

from sightline.problems._costs.choice import Choice
from sightline.problems._pages.answering import show_answering
from sightline.problems._pages.cells import TWO_DECIMALS, interval, rounded
from sightline.problems._pages.compared import show_champion
from sightline.problems._pages.costs import show_table_costs
from sightline.problems._pages.fairness import show_fairness
from sightline.problems._pages.mistakes import MOST_CONFIDENT, counted_mistakes, show_mistakes
from sightline.problems._pages.probabilities import (
    show_precision_recall,
    show_reliability,
    show_roc,
)
from sightline.problems._pages.slices import show_slices
from sightline.problems._pages.table import AGREEMENT, show_areas, show_averages, show_figures
from sightline.problems.classification.evaluation.info import ClassificationInfo
from sightline.problems.classification.evaluation.page_classes import show_classes
from sightline.problems.judging import Mistake
from sightline.stage.report.page import Cell, Page

AREAS = {"macro": "", "weighted": "weighted_", "micro": "micro_"}
AVERAGES = ("macro", "weighted", "micro")
OTHERS = {
    "balanced_accuracy": ("balanced accuracy", "mean of the classes' recall"),
    **AGREEMENT,
    "mean_cost": ("mean cost", "of an image, by the table of costs"),
    "log_loss": ("log loss", "0 is perfect; confident mistakes cost most"),
    "brier_score": ("Brier score", "squared error of the probabilities; 0 is perfect, 2 the worst"),
    "expected_calibration_error": (
        "expected calibration error",
        "gap between confidence and accuracy; 15 equally wide bins",
    ),
}


def summary(info: ClassificationInfo) -> dict[str, Cell]:
    """Return what stands beside the decision."""
    accuracy = info.metrics["accuracy"]
    return {
        "accuracy": rounded(accuracy.value),
        f"{info.confidence_level:.0%} interval": interval(accuracy, TWO_DECIMALS),
        "most common class": rounded(info.chance_level),
        "macro F1": rounded(info.metrics["macro_f1"].value),
    }


def show(page: Page, info: ClassificationInfo, mistakes: Sequence[Mistake], choice: Choice) -> None:
    """Show figures, the live model, classes, mistakes, probabilities and slices."""
    _show_figures(page, info)
    show_champion(page, info.champion)
    show_classes(page, info)
    _show_mistakes(page, info, mistakes, choice)
    _show_curves(page, info)
    show_table_costs(page, info.table_costs, info.classes)
    show_answering(page, info.answering)
    show_slices(page, info.slices)
    show_fairness(page, info.fairness)


def _show_figures(page: Page, info: ClassificationInfo) -> None:
    page.section("Figures", "On the test split, which training never saw.")
    tops = {name: told for name in info.metrics if (told := _top(name))}
    show_figures(page, info.metrics, {**tops, **OTHERS})
    show_averages(
        page,
        info.metrics,
        AVERAGES,
        caption="macro: each class counts the same; weighted: by its images; micro: each image "
        "counts the same, which is accuracy when an image has one label.",
    )
    show_areas(page, info.metrics, AREAS, parts="classes")


def _top(name: str) -> tuple[str, str] | None:
    """Return what people call a top-k accuracy, and what it says; None for other figures."""
    if not name.startswith("top_"):
        return None
    number = name.split("_")[1]
    return f"top-{number} accuracy", f"the true class is among the {number} likeliest"


def _show_mistakes(
    page: Page, info: ClassificationInfo, mistakes: Sequence[Mistake], choice: Choice
) -> None:
    total = info.num_images - sum(row[i] for i, row in enumerate(info.confusion_matrix))
    show_mistakes(
        page,
        mistakes,
        title=MOST_CONFIDENT,
        told=counted_mistakes(len(mistakes), total),
        answer=lambda item: f"{info.classes[int(choice.index(item.answer))]} {item.wrongness:.2f}",
        truth=lambda item: f"truth: {info.classes[int(item.truth)]}",
        caption="What the model said and how sure it was; below, the truth and the file.",
    )


def _show_curves(page: Page, info: ClassificationInfo) -> None:
    """Show whether probabilities rank well, and whether they mean what they say."""
    page.section("Probabilities", "Whether they rank well, and whether they mean what they say.")
    show_roc(page, info.roc_curve, of="each class against the rest, all decisions pooled")
    show_precision_recall(page, info.precision_recall, of="pooled in the same way")
    show_reliability(page, info.calibration)
