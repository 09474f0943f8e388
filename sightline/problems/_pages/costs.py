"""What mistakes cost, on the page."""

from collections.abc import Sequence

from sightline.problems._costs.lost import CostFigures, TableFigures
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems._pages.cells import interval, rounded
from sightline.problems.conditions import shown
from sightline.stage.report.page import Page

MOST_CLASSES = 24
"""With more, the table of costs does not fit on the page."""


def show_costs(page: Page, costs: CostFigures | None, *, chosen: str) -> None:
    """Compare what decisions cost at the model's thresholds and the usual; nothing without.

    `chosen` says which thresholds these are.
    """
    if costs is None:
        return
    page.section(
        "Cost of mistakes",
        f"A miss costs {costs.miss:g}, a false alarm {costs.false_alarm:g}. {chosen} Train chose "
        "on validation images; the test split judges the choice and changes nothing.",
    )
    _show_saved(page, costs, ("threshold", "mean cost of a decision"), f"{THRESHOLD:g}")


def show_table_costs(page: Page, costs: TableFigures | None, classes: Sequence[str]) -> None:
    """Compare what answers cost with the likeliest classes, and show the table; nothing without."""
    if costs is None:
        return
    named = (
        "the class of least expected cost"
        if costs.by_cost
        else "the likeliest class, which validation images prove to be cheaper than that of least "
        "expected cost"
    )
    left = f" {shown(costs.rejected)} of the images are left to a person." * bool(costs.rejecting)
    page.section(
        "Cost of answers",
        f"By the table of costs that train was given, the model names {named}.{left} Train decided "
        "on validation images; the test split judges that and changes nothing.",
    )
    _show_saved(page, costs, ("answer", "mean cost of an image"), "the likeliest class")
    if len(classes) > MOST_CLASSES:
        return
    page.table(
        ["truth", *classes, *(["rejected"] if costs.rejecting else [])],
        [
            [name, *(f"{cost:g}" for cost in (*row, *costs.rejecting[at : at + 1]))]
            for at, (name, row) in enumerate(zip(classes, costs.table, strict=True))
        ],
        caption="What each answer costs: a row per true class, a column per answer.",
    )


def _show_saved(
    page: Page, costs: CostFigures | TableFigures, titles: tuple[str, str], usual: str
) -> None:
    page.table(
        [*titles, "interval"],
        [
            [name, rounded(figure.value), interval(figure)]
            for name, figure in (
                ("by cost", costs.cost),
                (usual, costs.usual),
                ("saved by it", costs.saved),
            )
        ],
    )
