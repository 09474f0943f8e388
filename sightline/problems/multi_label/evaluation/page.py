"""The sections of the report of a model that gives any number of names."""

from collections.abc import Sequence

import numpy as np

from sightline.ground.errors import shorten
from sightline.problems._costs.threshold import is_true
from sightline.problems._pages.cells import TWO_DECIMALS, interval, rounded
from sightline.problems._pages.compared import show_champion
from sightline.problems._pages.costs import show_costs
from sightline.problems._pages.fairness import show_fairness
from sightline.problems._pages.mistakes import MOST_CONFIDENT, counted_mistakes, show_mistakes
from sightline.problems._pages.probabilities import (
    show_precision_recall,
    show_reliability,
    show_roc,
)
from sightline.problems._pages.slices import show_slices
from sightline.problems._pages.table import show_areas, show_averages, show_figures
from sightline.problems.judging import Mistake
from sightline.problems.multi_label.evaluation.cells import Way, label_anchor
from sightline.problems.multi_label.evaluation.info import LabelFigures, SetInfo
from sightline.problems.multi_label.evaluation.metrics import worst_label
from sightline.stage.arrays import Floats
from sightline.stage.report import charts
from sightline.stage.report.links import Link
from sightline.stage.report.page import Cell, Page

AREAS = {"macro": "", "weighted": "weighted_", "micro": "micro_"}
AVERAGES = ("macro", "weighted", "micro", "samples")
MOST_TOGETHER = 24
"""Labels shown by name where all would not fit."""
OTHERS = {
    "subset_accuracy": ("subset accuracy", "share of images whose whole set is right"),
    "hamming_score": ("Hamming score", "what is in both sets over what is in either, per image"),
    "hamming_loss": ("Hamming loss", "share of wrong decisions, of all labels of all images"),
    "coverage_error": ("coverage", "how many of the likeliest labels hold all true ones"),
    "label_ranking_average_precision": (
        "label ranking average precision",
        "of the labels ranked as high as a true one, the share that are true; 1 is perfect",
    ),
    "label_ranking_loss": (
        "label ranking loss",
        "share of pairs of a true and a wrong label in the wrong order",
    ),
    "log_loss": ("log loss", "per decision; 0 is perfect; confident mistakes cost most"),
    "brier_score": ("Brier score", "squared error of the probabilities; 0 is perfect, 1 the worst"),
    "expected_calibration_error": (
        "expected calibration error",
        "gap between probability and how often it is true; 15 equally wide bins",
    ),
}


def summary(info: SetInfo) -> dict[str, Cell]:
    """Return what stands beside the decision."""
    macro = info.metrics["macro_f1"]
    return {
        "macro F1": rounded(macro.value),
        f"{info.confidence_level:.0%} interval": interval(macro, TWO_DECIMALS),
        "mean average precision": rounded(info.metrics["mean_average_precision"].value),
        "sets wholly right": rounded(info.metrics["subset_accuracy"].value),
    }


def show(page: Page, info: SetInfo, mistakes: Sequence[Mistake]) -> None:
    """Show figures, the live model, labels, mistakes, probabilities and slices."""
    _show_figures(page, info)
    show_champion(page, info.champion)
    show_costs(page, info.costs, chosen="Each label is given from its own threshold on.")
    page.section("Labels", "Lowest F1 first.")
    show_labels(page, info)
    _show_together(page, info)
    _show_mistakes(page, info, mistakes)
    _show_curves(page, info)
    show_slices(page, info.slices, what="share of images whose whole set is right")
    show_fairness(page, info.fairness)


def _show_figures(page: Page, info: SetInfo) -> None:
    page.section(
        "Figures",
        "On the test split, which training never saw. A name is given from "
        + ("its own threshold" if info.thresholds else f"a probability of {info.threshold:g}")
        + " on.",
    )
    show_figures(page, info.metrics, OTHERS)
    show_averages(
        page,
        info.metrics,
        AVERAGES,
        caption="macro: each label counts the same; weighted: by its images; micro: each decision "
        "counts the same; samples: each image counts the same.",
    )
    figures = {**info.metrics, "average_precision": info.metrics["mean_average_precision"]}
    show_areas(page, figures, AREAS, parts="labels")


def show_labels(page: Page, info: SetInfo) -> None:
    """Show how often each label is found, missed and wrongly named."""
    page.table(
        [
            *("label", "images", "found", "missed", "wrongly named", "precision", "recall"),
            *("interval", "F1", "ROC AUC", "PR AUC"),
            *(["threshold"] if info.thresholds else []),
        ],
        [
            [
                item.name,
                item.support,
                _opening(info, item, "found", item.found),
                _opening(info, item, "missed", item.missed),
                _opening(info, item, "wrongly named", item.wrongly_named),
                rounded(item.precision.value),
                rounded(item.recall.value),
                interval(item.recall) or item.recall.reason,
                rounded(item.f1.value),
                rounded(item.roc_auc.value),
                rounded(item.average_precision.value),
                *([rounded(info.thresholds[item.name])] if info.thresholds else []),
            ]
            for item in sorted(info.per_class, key=_f1_then_name)
        ],
        bars=("images",),
        caption="'found', 'missed' and 'wrongly named' are the label's own confusion matrix; all "
        "other images rightly do without it. 'interval' is that of recall.",
        opens="Choose a number to see its images.",
    )


def _opening(info: SetInfo, item: LabelFigures, way: Way, count: int) -> Cell:
    address = f"#{label_anchor(info.classes.index(item.name), way)}"
    return Link(f"{count:,}", address, is_number=True)


def _f1_then_name(item: LabelFigures) -> tuple[bool, float, str]:
    return item.f1.value is None, item.f1.value or 0.0, item.name


def _show_together(page: Page, info: SetInfo) -> None:
    counts, names = np.asarray(info.together), list(info.classes)
    caption = "Test images that have both labels; on the diagonal, all that have the label."
    if len(names) > charts.HEATMAP_NAMES_UP_TO:
        common = np.argsort(-np.diag(counts), kind="stable")[:MOST_TOGETHER]
        chosen = sorted(common.tolist())
        counts, names = counts[np.ix_(chosen, chosen)], [names[at] for at in chosen]
        caption += (
            f" Of {len(info.classes):,} labels, the {len(chosen)} most common; evaluation.json "
            "has all."
        )
    page.figure(
        charts.heatmap(
            counts, row_names=names, column_names=names, row_label="label", column_label="also has"
        ),
        caption=caption,
        front=True,
    )


def _show_mistakes(page: Page, info: SetInfo, mistakes: Sequence[Mistake]) -> None:
    right = info.metrics["subset_accuracy"].value or 0.0
    total = round(info.num_images * (1 - right))
    show_mistakes(
        page,
        mistakes,
        title=MOST_CONFIDENT,
        told=counted_mistakes(len(mistakes), total, "images with a wrong set"),
        answer=lambda item: f"{_worst(info, item)} {item.wrongness:.2f}",
        truth=lambda item: f"truth: {_names(info.classes, item.truth)}",
        caption="The worst label, + wrongly named or - missed, and how far its probability is "
        "from the truth; below, the true set and the file.",
    )


def _worst(info: SetInfo, item: Mistake) -> str:
    true = is_true(item.truth)
    own = [info.thresholds.get(name, info.threshold) for name in info.classes]
    at = worst_label(item.answer, true, np.array(own))
    return f"{'-' if true[at] else '+'} {info.classes[at]}"


def _names(classes: Sequence[str], truth: Floats) -> str:
    names = [classes[at] for at in np.flatnonzero(is_true(truth)).tolist()]
    return shorten(names) if names else "no label"


def _show_curves(page: Page, info: SetInfo) -> None:
    page.section("Probabilities", "Whether they rank well, and whether they mean what they say.")
    show_roc(page, info.roc_curve, of="the decisions about all labels pooled")
    show_precision_recall(page, info.precision_recall, of="the decisions about all labels pooled")
    show_reliability(page, info.calibration, counted="decisions", sure="probability", true="true")
