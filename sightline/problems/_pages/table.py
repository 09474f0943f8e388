"""The table of a model's figures, each with its interval and what it means."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from sightline.problems._pages.cells import interval, rounded
from sightline.problems.conditions import THREE_DECIMALS, Write, shown
from sightline.stage.formats.evaluation import Figure
from sightline.stage.report.page import Cell, Page

NO_WRITERS: Mapping[str, Write] = MappingProxyType({})
AGREEMENT = {
    "matthews_correlation": (
        "Matthews' correlation",
        "of truth and answer; 0 is chance; high only where every class is answered well",
    ),
    "cohen_kappa": ("Cohen's kappa", "agreement with the truth beyond chance; 1 is perfect"),
}
"""What people call figures that kinds with one class an image have, and what they say."""
AREAS = {"roc_auc": "ROC AUC", "average_precision": "PR AUC"}
RATES = ("precision", "recall", "f1")


def show_figures(
    page: Page,
    metrics: Mapping[str, Figure],
    meanings: Mapping[str, tuple[str, str]],
    *,
    value_of: Callable[[Figure], float | None] = lambda figure: rounded(figure.value),
    writers: Mapping[str, Write] = NO_WRITERS,
) -> None:
    """Add the figures that there are, in the order of `meanings`.

    Args:
        page: the report.
        metrics: name of a metric -> its figure.
        meanings: name of a metric -> what people call it, and what it says.
        value_of: what stands in the cell.
        writers: name of a metric -> how the ends of its interval are written, if not as usual.
    """
    page.table(
        ["metric", "value", "interval", "meaning"],
        [
            [
                called,
                value_of(figure),
                interval(figure, writers.get(name, THREE_DECIMALS)),
                figure.reason or meaning,
            ]
            for name, (called, meaning) in meanings.items()
            if (figure := metrics.get(name)) is not None
        ],
    )


def show_areas(
    page: Page, metrics: Mapping[str, Figure], averages: Mapping[str, str], *, parts: str
) -> None:
    """Add the areas under both curves in several averages, which need no threshold.

    Args:
        page: the report.
        metrics: name of a metric -> its figure.
        averages: name of an average -> what stands before the metric's name for it.
        parts: what is averaged, such as classes.
    """
    names = [f"{before}{area}" for before in averages.values() for area in AREAS]
    if not any(metrics[name].value is not None for name in names):
        return
    page.table(
        ["average", *AREAS.values()],
        [
            [average, *(_with_interval(metrics[f"{before}{area}"]) for area in AREAS)]
            for average, before in averages.items()
        ],
        caption=f"Areas under the ROC curve (0.5 is guessing; for {parts} of like size) and the "
        f"precision-recall curve (for rare {parts}), one against the rest.",
    )


def _with_interval(figure: Figure) -> Cell:
    """Return a number, with its interval as text where there is one."""
    return rounded(figure.value) if figure.low is None else shown(figure)


def show_averages(
    page: Page, metrics: Mapping[str, Figure], averages: Sequence[str], *, caption: str
) -> None:
    """Add precision, recall and F1 of several averages; `caption` says what each counts."""
    page.table(
        ["average", "precision", "recall", "F1", "interval of F1"],
        [
            [
                average,
                *(rounded(metrics[f"{average}_{rate}"].value) for rate in RATES),
                interval(metrics[f"{average}_f1"]),
            ]
            for average in averages
        ],
        caption=caption,
    )
