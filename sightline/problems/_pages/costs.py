"""What mistakes cost, on the page."""

from sightline.problems._costs.lost import CostFigures
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems._pages.cells import interval, rounded
from sightline.stage.report.page import Page


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
    page.table(
        ["threshold", "mean cost of a decision", "interval"],
        [
            [name, rounded(figure.value), interval(figure)]
            for name, figure in (
                ("by cost", costs.cost),
                (f"{THRESHOLD:g}", costs.usual),
                ("saved by it", costs.saved),
            )
        ],
    )
