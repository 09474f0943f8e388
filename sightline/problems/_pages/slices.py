"""The section about parts of the test split."""

from collections.abc import Sequence

from sightline.problems._figures.slices import SliceFigures
from sightline.problems._pages.cells import interval, rounded
from sightline.stage.report.page import Page


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
