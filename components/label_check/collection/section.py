"""The report's section on what to collect next."""

from components.label_check.collection.check import points
from components.label_check.collection.study import LEARNED_SHARE, Study
from sightline.stage.formats.evaluation import Figure
from sightline.stage.report.charts import band
from sightline.stage.report.page import Cell, Page

MOST_CLASSES = 50


def add_collection(page: Page, found: Study | None) -> None:
    """Show the learning curve, what twice as many images would bring, and each class.

    Without a study there is nothing to show; the checks that could not run say why.
    """
    if found is None:
        return
    looked_at = len(found.rows)
    sample = (
        f" A sample of {looked_at:,} images was looked at." if looked_at < found.num_images else ""
    )
    page.section(
        "What to collect next",
        "A simple model on features of a backbone, judged on images that it did not learn from. "
        f"Ranges hold 95 of 100 times.{sample}",
    )
    sizes = [*found.sizes, round(2 * LEARNED_SHARE * found.num_images)]
    figures = [*found.accuracy, found.doubled]
    page.figure(
        band(
            sizes,
            [figure.value or 0 for figure in figures],
            [figure.low or 0 for figure in figures],
            [figure.high or 0 for figure in figures],
            num_measured=len(found.sizes),
            x_label="images to learn from",
            y_label="accuracy",
        ),
        caption=f"Twice as many images: {points(found.gain)} more accuracy, by a power law through "
        "the measured points. The last point is expected, not measured.",
    )
    page.table(
        ["images", "accuracy", "from", "to"],
        [[size, *_three(figure)] for size, figure in zip(sizes, figures, strict=True)],
        caption="By images to learn from; the last line is expected, not measured.",
    )
    _add_classes(page, found)


def _add_classes(page: Page, found: Study) -> None:
    rest = len(found.classes) - MOST_CLASSES
    page.table(
        ["class", "images", "told right", "from", "to", "with half the images", "taken for"],
        [
            [one.name, one.num_images, *_three(one.known), round(one.with_half, 3), one.taken_for]
            for one in found.classes[:MOST_CLASSES]
        ],
        caption="Told worst first." + (f" And {rest:,} more classes." if rest > 0 else ""),
    )


def _three(figure: Figure) -> list[Cell]:
    return [
        None if number is None else round(number, 3)
        for number in (figure.value, figure.low, figure.high)
    ]
