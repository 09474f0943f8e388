"""The section about groups that a person named."""

from collections.abc import Sequence

from sightline.problems._figures.fairness import RATES, GroupFigures
from sightline.problems._pages.cells import interval, rounded
from sightline.stage.report.page import Cell, Page

MOST_ROWS = 60


def show_fairness(page: Page, groups: Sequence[GroupFigures]) -> None:
    """Show each group beside the largest, the largest differences first; nothing without groups."""
    if not groups:
        return
    columns = sorted({one.column for one in groups})
    page.section(
        "Fairness",
        f"By {', '.join(columns)}: how often each group is given a name at all (selection rate), "
        "where it is true (true positive rate), and where it is not (false positive rate).",
    )
    told = [one for one in groups if one.differences]
    ordered = sorted(told, key=lambda one: (not _is_told(one), -_largest(one)))[:MOST_ROWS]
    page.table(
        [
            *("column", "group", "images", "against", "name"),
            *(
                cell
                for rate in RATES
                for cell in (rate.replace("_", " "), "difference", "interval")
            ),
            "beyond chance",
        ],
        [_row(one) for one in ordered],
        bars=("images",),
        caption=f"{len(ordered):,} of {len(told):,}, differences beyond chance first. Many are "
        "looked at: a few lie beyond chance by chance. All are in evaluation.json. Compare the "
        "exported forms as well: quantisation may widen a gap.",
    )


def _row(one: GroupFigures) -> list[Cell]:
    cells: list[Cell] = [one.column, one.group, one.num_images, one.reference, one.name]
    for rate in RATES:
        difference = one.differences[rate]
        cells += [
            rounded(one.rates[rate].value),
            rounded(difference.value),
            interval(difference) or difference.reason,
        ]
    return [*cells, _is_told(one)]


def _is_told(one: GroupFigures) -> bool:
    return any(
        (figure.low or 0.0) > 0 or (figure.high or 0.0) < 0 for figure in one.differences.values()
    )


def _largest(one: GroupFigures) -> float:
    return max(abs(figure.value or 0.0) for figure in one.differences.values())
