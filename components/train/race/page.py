"""The race of backbones on a page."""

from collections.abc import Mapping, Sequence

from sightline.stage.report.page import Page

WORDS = (
    "Cross-validated on training images alone, with a quick head on frozen features; accuracy "
    "with its 95 % interval."
)
COLUMNS = ("backbone", "images_per_second", "images", "measured", "verdict")
TITLES = ("backbone", "images per second", "images", "accuracy", "verdict")


def add_race(page: Page, rows: Sequence[Mapping[str, str | float]]) -> None:
    """Show what was measured of each backbone, the winner first; nothing where none raced."""
    if not rows:
        return
    page.section("Race of backbones", WORDS)
    page.table(TITLES, [[row[name] for name in COLUMNS] for row in rows])
