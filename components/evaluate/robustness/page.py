"""The section about changed images."""

from sightline.problems._pages.cells import interval, rounded
from sightline.stage.formats.evaluation import Changed, EvaluationInfo
from sightline.stage.report import charts
from sightline.stage.report.page import Cell, Page

OFF = "Not run: evaluate.robustness_images is 0. Set it to 100 or more to see it."


def show_robustness(page: Page, info: EvaluationInfo) -> None:
    """Show the first headline figure on changed images as a chart, and all of them as a table."""
    found = info.robustness
    if found is None or found.reason or not info.headline:
        page.section("Changed images", found.reason if found and found.reason else OFF)
        return
    first, *_ = info.headline
    page.section(
        "Changed images",
        f"The same {found.num_images:,} test images, changed so that people still see what they "
        "show. Nothing is decided by them.",
    )
    if found.not_tried:
        page.notice(
            "info",
            f"Not tried, as the {found.seconds:,} seconds were over: {'; '.join(found.not_tried)}.",
            detail="Raise evaluate.robustness_seconds, or lower evaluate.robustness_images.",
        )
    shown = [one for one in found.changes if first.name in one.figures]
    page.figure(
        charts.intervals(
            [_name(one) for one in shown],
            [one.figures[first.name].value or 0.0 for one in shown],
            [_ends(one, first.name) for one in shown],
            x_label=first.label,
        ),
        caption="With intervals; the dotted line is that of the images as they are. 'flatter' has "
        "less contrast, noise is in levels of 255.",
    )
    page.table(
        ["images", *(cell for one in info.headline for cell in (one.label, "interval"))],
        [[_name(one), *_cells(one, info)] for one in found.changes],
        caption="A change that costs much more than the others is one to augment with "
        "(train.brightness, contrast, rotation_degrees, zoom) or to photograph.",
    )


def _name(one: Changed) -> str:
    return f"{one.change}, {one.strength}" if one.strength else one.change


def _ends(one: Changed, name: str) -> tuple[float, float]:
    figure = one.figures[name]
    value = figure.value or 0.0
    low, high = (value if end is None else end for end in (figure.low, figure.high))
    return low, high


def _cells(one: Changed, info: EvaluationInfo) -> list[Cell]:
    cells: list[Cell] = []
    for headline in info.headline:
        figure = one.figures.get(headline.name)
        cells += [rounded(figure.value), interval(figure)] if figure else [None, ""]
    return cells
