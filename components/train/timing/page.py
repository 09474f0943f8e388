"""The section about what each phase took."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sightline.stage.report.page import Cell, Page

if TYPE_CHECKING:
    from components.train.timing.spent import Spent

COLUMNS = ("phase", "seconds", "images", "images per second", "cores busy", "bound by")


def add_spent(page: Page, spent: "Sequence[Spent]", title: Callable[[str], str]) -> None:
    """Show seconds, images a second and what bounded each phase; nothing where none ran."""
    if not spent:
        return
    page.section("Time", "What each phase took, and what it waited for most.")
    page.table(COLUMNS, [_row(one, title) for one in spent])


def _row(one: "Spent", title: Callable[[str], str]) -> list[Cell]:
    return [
        title(one.phase),
        f"{one.seconds:.1f}",
        f"{one.num_images:,}" if one.num_images else "",
        f"{one.images_per_second:,.0f}" if one.num_images else "",
        f"{one.busy_cores:.1f} of {one.cores}",
        one.bound,
    ]
