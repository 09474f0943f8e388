"""Everything that is said about a model of numbers, from its predictions alone."""

import numpy as np

from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.problems._figures.headlines import headline_of
from sightline.problems._figures.missing import missing_figures
from sightline.problems._figures.slices import (
    Verdict,
    corrected,
    parts_of,
    slice_notes,
    with_value,
)
from sightline.problems.conditions import decide
from sightline.problems.judging import Measured, Rules, Subject
from sightline.problems.regression.evaluation.figures import mean_of, measure
from sightline.problems.regression.evaluation.info import (
    NumberPredictions,
    PartFigures,
    Point,
    RegressionInfo,
)
from sightline.problems.regression.evaluation.rule import run_checks
from sightline.problems.regression.scale import Scale
from sightline.problems.wording import images, verb
from sightline.stage.arrays import Booleans, Floats
from sightline.stage.formats.evaluation import Comparison, Figure

MOST_POINTS = 1_000
FEWEST_TO_TELL = 20


def measured(predictions: NumberPredictions, scale: Scale, rules: Rules) -> Measured:
    """Measure the headline figures and the slices."""
    return Measured(
        headline=_headline(measure(predictions, scale, rules), scale),
        slices=_slices(predictions, rules),
    )


def _headline(figures: dict[str, Figure], scale: Scale) -> tuple[HeadlineFigure, ...]:
    return headline_of(figures, _labels(scale), lower_is_better="mean_absolute_error")


def assess(
    predictions: NumberPredictions,
    scale: Scale,
    *,
    subject: Subject,
    champion: Comparison,
    rules: Rules,
) -> RegressionInfo:
    """Measure predictions and decide."""
    figures = measure(predictions, scale, rules)
    checks = run_checks(figures, scale, champion, rules)
    return RegressionInfo(
        problem="regression",
        decision=decide(checks),
        headline=_headline(figures, scale),
        checks=checks,
        **subject.judged(predictions, champion=champion, rules=rules),
        metrics=figures,
        notes=(*_notes(figures), *slice_notes(predictions)),
        warnings=_warnings(predictions, scale),
        name=scale.name,
        unit=scale.unit,
        tolerance=scale.tolerance,
        deviation=scale.deviation,
        baseline=scale.median,
        baseline_error=float(np.abs(predictions.truth - scale.median).mean()),
        lowest=scale.edges[0],
        highest=scale.edges[-1],
        ranges=_ranges(predictions, scale, rules),
        slices=_slices(predictions, rules),
        points=_points(predictions),
    )


def _labels(scale: Scale) -> dict[str, str]:
    unit = f" ({scale.unit})" if scale.unit else ""
    return {"mean_absolute_error": f"Mean absolute error{unit}", "r2": "R²"}


def _notes(figures: dict[str, Figure]) -> tuple[str, ...]:
    return tuple(missing_figures({name.replace("_", " "): one for name, one in figures.items()}))


def _warnings(predictions: NumberPredictions, scale: Scale) -> tuple[str, ...]:
    """Say what makes the figures say less than they seem to."""
    low, high = scale.edges[0], scale.edges[-1]
    beyond = int(((predictions.truth < low) | (predictions.truth > high)).sum())
    count = len(predictions.truth)
    said = []
    if beyond:
        said.append(
            f"{images(beyond)} of the test split {verb(beyond, 'lies', 'lie')} outside the "
            f"training images' numbers, {scale.exact(low)} to {scale.exact(high)}: there the model "
            "can only guess. Add training images with such numbers."
        )
    if count < FEWEST_TO_TELL:
        said.append(f"Only {images(count)} to test on: intervals are rough. Add images.")
    return tuple(said)


def _ranges(predictions: NumberPredictions, scale: Scale, rules: Rules) -> tuple[PartFigures, ...]:
    """Measure each range of the training images' numbers."""
    places = np.array([scale.range_of(value) for value in predictions.truth])
    return tuple(
        _part(predictions, places == at, "", name, rules) for at, name in enumerate(scale.ranges)
    )


def _slices(predictions: NumberPredictions, rules: Rules) -> tuple[PartFigures, ...]:
    """Measure each value of every slice column, the most common ones of each."""
    sizes, parts = np.abs(predictions.errors), list(parts_of(predictions))
    rests = [with_value(predictions, column) & ~chosen for column, _, chosen in parts]
    tested = {
        at: _rank_test(sizes[chosen], sizes[rest])
        for at, ((_, _, chosen), rest) in enumerate(zip(parts, rests, strict=True))
        if rules.compare_slices and min(chosen.sum(), rest.sum()) >= rules.min_slice_images
    }
    adjusted = dict(zip(tested, corrected(list(tested.values())), strict=True))
    return tuple(
        _part(predictions, chosen, column, value, rules).model_copy(
            update={
                "p_value": tested.get(at),
                "adjusted_p_value": adjusted.get(at),
                "verdict": _verdict(sizes[chosen], sizes[rest], adjusted.get(at), rules),
            }
        )
        for at, ((column, value, chosen), rest) in enumerate(zip(parts, rests, strict=True))
    )


def _rank_test(inside: Floats, outside: Floats) -> float:
    """Return the p-value of Mann and Whitney's test (1947) of errors' sizes."""
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(inside, outside).pvalue)


def _verdict(inside: Floats, outside: Floats, p_value: float | None, rules: Rules) -> Verdict:
    if p_value is None:
        return "too few images"
    if p_value > 1 - rules.confidence_level:
        return "no difference told"
    return "worse" if np.median(inside) > np.median(outside) else "better"


def _part(
    predictions: NumberPredictions, chosen: Booleans, column: str, value: str, rules: Rules
) -> PartFigures:
    errors = predictions.errors[chosen]
    return PartFigures(
        column=column,
        value=value,
        num_images=len(errors),
        mean_absolute_error=mean_of(np.abs(errors), rules),
        bias=mean_of(errors, rules),
    )


def _points(predictions: NumberPredictions) -> tuple[Point, ...]:
    """Return images for the charts: all, or an even choice over the order of the truth."""
    order = np.argsort(predictions.truth, kind="stable")
    count = min(MOST_POINTS, len(order))
    chosen = order[np.linspace(0, len(order) - 1, count).round().astype(int)] if count else order
    return tuple(
        Point(truth=float(predictions.truth[row]), answer=float(predictions.values[row]))
        for row in chosen
    )
