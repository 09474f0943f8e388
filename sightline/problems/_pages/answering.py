"""The section about answers that are too unsure to count."""

from sightline.problems._costs.answering import Answering, AnsweringPoint, Rejection
from sightline.problems._pages.cells import rounded
from sightline.problems.conditions import shown
from sightline.stage.report import charts
from sightline.stage.report.page import Cell, Page

ADVICE = (
    "Read off the test split, so the next images will do a little worse. To have a threshold "
    "chosen on validation images and carried into every answer, set train.rejection_cost: what a "
    "look by a person costs as a share of what a wrong answer does."
)


def show_answering(
    page: Page,
    found: Answering | None,
) -> None:
    """Show accuracy against the share of images that are answered, if it was measured."""
    if found is None:
        return
    points = found.points
    page.section(
        "Leaving unsure images to a person",
        "How right the model is on what it answers, where answers below a probability are left to "
        "a person.",
    )
    if found.rejection:
        _show_own(page, found.rejection)
    page.figure(
        charts.curve(
            [point.answered.value or 0.0 for point in points],
            [point.accuracy.value or 0.0 for point in points],
            x_label="share of images answered",
            y_label="accuracy of the answers",
            points=True,
        ),
        caption="At the right, every image is answered. A line that does not rise to the left says "
        "that the model is as often wrong where it is sure.",
    )
    if found.suggested:
        page.table(
            ["wanted accuracy", *COLUMNS],
            [[f"{one.wanted:.0%}", *_cells(one.point)] for one in found.suggested],
            caption=ADVICE,
        )


COLUMNS = ("reject below", "answered", "accuracy of these")


def _cells(point: AnsweringPoint | Rejection) -> list[Cell]:
    below = point.reject_below if isinstance(point, Rejection) else point.threshold
    return [
        rounded(below),
        shown(point.answered),
        shown(point.accuracy),
    ]


def _show_own(page: Page, rejection: Rejection) -> None:
    page.table(
        ["mean cost of an image", "if all were answered", *COLUMNS],
        [[shown(rejection.cost), shown(rejection.cost_of_all), *_cells(rejection)]],
        caption="The model's own threshold, chosen on validation images: a wrong answer costs 1, "
        f"an image left to a person {rejection.rejection_cost:g}.",
    )
