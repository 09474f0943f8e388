"""The sections of the report about numbers."""

from collections.abc import Sequence

from sightline.problems._pages.cells import interval
from sightline.problems._pages.compared import show_champion
from sightline.problems._pages.mistakes import show_mistakes
from sightline.problems._pages.table import show_figures
from sightline.problems.conditions import Write
from sightline.problems.judging import Mistake
from sightline.problems.regression.evaluation.info import PartFigures, RegressionInfo
from sightline.problems.regression.scale import Scale
from sightline.stage.formats.evaluation import Figure
from sightline.stage.report import charts
from sightline.stage.report.page import Cell, Page

MEANINGS = {
    "mean_absolute_error": ("mean absolute error", "how far an answer is off on average"),
    "median_absolute_error": ("median absolute error", "half of the answers are off by no more"),
    "root_mean_squared_error": (
        "root mean squared error",
        "like the mean error, but large errors count for more",
    ),
    "mean_squared_error": ("mean squared error", "its square, in the square of the unit"),
    "huber_loss": (
        "Huber loss",
        "half the squared error up to a standard deviation of the training images, straight beyond",
    ),
    "largest_error": ("largest error", "the answer that is off furthest"),
    "bias": ("bias", "mean of answer minus truth; 0 is neither too high nor too low"),
    "error_reduction": (
        "error reduction",
        "share by which the mean error lies below the baseline's",
    ),
    "r2": (
        "R²",
        (
            "share of the numbers' variance that the answers account for; below 0, the mean of the "
            "test images would be nearer"
        ),
    ),
    "explained_variance": (
        "explained variance",
        "like R², were every answer shifted by the bias",
    ),
    "correlation": (
        "correlation",
        "Pearson's, of truth and answer; it does not see a constant shift",
    ),
    "within_tolerance": ("within tolerance", "answers that are off by no more than the tolerance"),
}

IN_THE_UNIT = ("mean_absolute_error", "median_absolute_error", "root_mean_squared_error", "bias")
SQUARES = ("mean_squared_error", "huber_loss")
"""Metrics that are numbers of the user's, and squares of such; the others are shares."""


def summary(info: RegressionInfo, scale: Scale) -> dict[str, Cell]:
    """Return what stands beside the decision."""
    error = info.metrics["mean_absolute_error"]
    return {
        "mean absolute error": _error(error.value or 0.0, scale),
        f"{info.confidence_level:.0%} interval": interval(error, scale.gap),
        f"always {scale.exact(info.baseline)}": _error(info.baseline_error, scale),
        "R²": _rounded(info.metrics["r2"]),
    }


def show(page: Page, info: RegressionInfo, scale: Scale, mistakes: Sequence[Mistake]) -> None:
    """Show figures, the live model, the charts, parts and the largest errors."""
    _show_figures(page, info, scale)
    show_champion(page, info.champion, scale.gap, scale.change)
    _show_charts(page, info)
    _show_mistakes(page, info, scale, mistakes)
    _show_parts(page, info, scale)


def _show_figures(page: Page, info: RegressionInfo, scale: Scale) -> None:
    page.section(
        "Figures",
        f"Of {scale.titled}, on the test split, which training never saw. The baseline always "
        f"answers {scale.exact(info.baseline)}, the median of the training images; what is off by "
        f"no more than {scale.exact(info.tolerance)} counts as right.",
    )
    writers: dict[str, Write] = {
        **dict.fromkeys(IN_THE_UNIT, scale.gap),
        **dict.fromkeys(SQUARES, "{:.4g}".format),
    }
    show_figures(page, info.metrics, MEANINGS, value_of=_rounded, writers=writers)


def _show_charts(page: Page, info: RegressionInfo) -> None:
    shown, total = len(info.points), info.num_images
    some = f" {shown:,} of {total:,} images, evenly chosen." if shown < total else ""
    page.section("Truth and answer", f"A point per test image.{some}")
    show_answers(page, info)


def show_answers(page: Page, info: RegressionInfo, *, front: bool = True) -> None:
    """Draw answers and their errors by the truth; with `front` the run's page shows them, too."""
    titled = f"{info.name} ({info.unit})" if info.unit else info.name
    truth, answers = ([getattr(p, name) for p in info.points] for name in ("truth", "answer"))
    page.figure(
        charts.scatter(
            truth,
            answers,
            x_label=f"true {titled}",
            y_label="answer",
            line="diagonal",
        ),
        caption="On the line, the answer is the truth.",
        front=front,
    )
    errors = [answer - true for answer, true in zip(answers, truth, strict=True)]
    page.figure(
        charts.scatter(
            answers, errors, x_label=f"answer: {titled}", y_label="answer minus truth", line="level"
        ),
        caption="A slope or a bend says that the model is off in a way that more training or a "
        "larger backbone may learn; a fan, that large numbers are harder.",
    )


def _show_mistakes(
    page: Page, info: RegressionInfo, scale: Scale, mistakes: Sequence[Mistake]
) -> None:
    none = f"There are none beyond {scale.exact(info.tolerance)}."
    show_mistakes(
        page,
        mistakes,
        title="Largest errors",
        told="Look for wrong numbers first." if mistakes else none,
        answer=lambda item: scale.text(float(item.answer)),
        truth=lambda item: f"truth: {scale.exact(float(item.truth))}",
        caption="What the model said; below, the truth and the file.",
    )


def _show_parts(page: Page, info: RegressionInfo, scale: Scale) -> None:
    page.section(
        "Error by range", "Ranges that hold about as many training images each, by the truth."
    )
    _table(page, [info.name], info.ranges, scale)
    if info.slices:
        page.section(
            "Slices",
            "Further columns of the source, their most common values, and thirds by what label "
            "check measured. 'verdict' is Mann and Whitney's test of the errors against those of "
            "other images, corrected for how many slices were looked at.",
        )
        _table(page, ["column", "value"], info.slices, scale)


def _table(page: Page, names: list[str], parts: Sequence[PartFigures], scale: Scale) -> None:
    page.table(
        [
            *(*names, "images", "mean absolute error", "interval", "answer minus truth"),
            *(["verdict"] if len(names) > 1 else []),
        ],
        [
            [
                *([part.column] if len(names) > 1 else []),
                part.value,
                part.num_images,
                _rounded(part.mean_absolute_error),
                interval(part.mean_absolute_error, scale.gap),
                _rounded(part.bias),
                *([part.verdict] if len(names) > 1 else []),
            ]
            for part in parts
        ],
        bars=("mean absolute error",),
    )


def _error(value: float, scale: Scale) -> str:
    return f"{scale.gap(value)} {scale.unit}".rstrip()


def _rounded(figure: Figure) -> float | None:
    return None if figure.value is None else float(f"{figure.value:.4g}")
