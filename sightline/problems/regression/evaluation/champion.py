"""A model of numbers and the live one, paired by their errors on the same test images."""

from collections.abc import Iterator, Sequence

import numpy as np

from sightline.problems._gate.coverage import coverage, nothing_judged
from sightline.problems._gate.gains import Gains, PartGains
from sightline.problems._gate.verdicts import compared, losses_of, part_of, slices_of
from sightline.problems.judging import Champion, Rules
from sightline.problems.regression.evaluation.info import NumberPredictions
from sightline.problems.regression.scale import Scale
from sightline.stage.formats.evaluation import Comparison

LEAST_ERROR = 1e-6
"""Of a deviation: single precision answers no more exactly."""


def compare(
    predictions: NumberPredictions, champion: Champion, scale: Scale, rules: Rules
) -> Comparison:
    """Compare how far both are off, image by image."""
    version, unit = champion.version, scale.unit
    units = {answer.unit for answer in champion.answers.values()}
    if units - {unit}:
        return Comparison(
            outcome="failed",
            detail=f"Version {version} answers in {_named(units)}, the new model in "
            f"{_named({unit})}.",
            version=version,
        )
    rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
    if not rows:
        return Comparison(
            outcome="failed",
            detail=nothing_judged(champion, coverage(predictions, champion)),
            version=version,
        )
    theirs = np.array([champion.answers[predictions.ids[row]].value for row in rows])
    first = np.abs(predictions.errors[rows])
    second = np.abs(theirs - predictions.truth[rows])
    least = LEAST_ERROR * scale.deviation or 1.0
    errors = losses_of("mean absolute error", first, second, least=least)
    return compared(
        errors,
        None,
        _parts(predictions, rows, errors.gains, scale, rules),
        champion=champion,
        detail=coverage(predictions, champion),
        right=(int((first < second).sum()), int((second < first).sum())),
        rules=rules,
    )


def _parts(
    predictions: NumberPredictions, rows: Sequence[int], gains: Gains, scale: Scale, rules: Rules
) -> Iterator[PartGains]:
    """Yield the ranges of the numbers, then the slices."""
    places = np.array([scale.range_of(value) for value in predictions.truth[list(rows)]])
    for at, name in enumerate(scale.ranges):
        yield from part_of(f"range {name}", places == at, gains, rules)
    yield from slices_of(predictions, rows, gains, rules)


def _named(units: set[str]) -> str:
    return ", ".join(sorted(unit or "no unit" for unit in units))
