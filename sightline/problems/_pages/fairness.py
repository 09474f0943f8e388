"""The section about groups that a person named."""

from collections.abc import Sequence

from sightline.problems._figures.fairness import RATES, GroupFigures
from sightline.problems.conditions import interval_text
from sightline.stage.report.page import Cell, Page

MOST_ROWS = 60


def show_fairness(page: Page, groups: Sequence[GroupFigures]) -> None:
    """Show each group beside the largest, the largest differences first; nothing without groups."""
    if not groups:
        return
    largest = {one.column: one.reference for one in groups}
    page.section(
        "Fairness",
        f"By {', '.join(largest)}: how often each group is given a name at all (selection rate), "
        "where it is true (true positive rate), and where it is not (false positive rate), and how "
        f"far that lies from the largest group ({', '.join(largest.values())}).",
    )
    told = [one for one in groups if one.differences]
    ordered = sorted(told, key=lambda one: (not _is_told(one), -_largest(one)))[:MOST_ROWS]
    page.table(
        ["group", "images", "name", *(rate.replace("_", " ") for rate in RATES)],
        [_row(one) for one in ordered],
        bars=("images",),
        caption=f"{len(ordered):,} of {len(told):,}, differences beyond chance first. In brackets, "
        "the interval of the difference from the largest group; many are looked at, and a few lie "
        "beyond chance by chance. evaluation.json has all.",
    )


def _row(one: GroupFigures) -> list[Cell]:
    return [
        f"{one.column} {one.group}",
        one.num_images,
        one.name,
        *(_rate(one, rate) for rate in RATES),
    ]


def _rate(one: GroupFigures, rate: str) -> str:
    own, difference = one.rates[rate], one.differences[rate]
    if own.value is None or difference.value is None:
        return own.reason or difference.reason
    return f"{own.value:.3f}, {difference.value:+.3f} {interval_text(difference)}"


def _is_told(one: GroupFigures) -> bool:
    return any(
        (figure.low or 0.0) > 0 or (figure.high or 0.0) < 0 for figure in one.differences.values()
    )


def _largest(one: GroupFigures) -> float:
    return max(abs(figure.value or 0.0) for figure in one.differences.values())
