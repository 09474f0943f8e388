"""A model of numbers and the live one, paired by their errors on the same test images."""

import numpy as np

from sightline.problems._figures.coverage import coverage, nothing_judged
from sightline.problems._figures.intervals import verdict_of
from sightline.problems.judging import Champion, Rules
from sightline.problems.regression.evaluation.figures import mean_of
from sightline.problems.regression.evaluation.info import ErrorComparison, NumberPredictions


def compare(
    predictions: NumberPredictions, champion: Champion, unit: str, rules: Rules
) -> ErrorComparison:
    """Compare how far both are off, image by image."""
    version = champion.version
    units = {answer.unit for answer in champion.answers.values()}
    if units - {unit}:
        return ErrorComparison(
            outcome="failed",
            detail=f"Version {version} answers in {_named(units)}, the new model in "
            f"{_named({unit})}.",
            version=version,
        )
    rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
    if not rows:
        return ErrorComparison(
            outcome="failed",
            detail=nothing_judged(champion, coverage(predictions, champion)),
            version=version,
        )
    theirs = np.array([champion.answers[predictions.ids[row]].value for row in rows])
    first = np.abs(predictions.errors[rows])
    second = np.abs(theirs - predictions.truth[rows])
    difference = mean_of(first - second, rules)
    return ErrorComparison(
        outcome="compared",
        detail=coverage(predictions, champion),
        version=version,
        num_images=len(rows),
        candidate_error=float(first.mean()),
        champion_error=float(second.mean()),
        difference=difference,
        only_candidate_right=int((first < second).sum()),
        only_champion_right=int((second < first).sum()),
        verdict=verdict_of(difference, lower_is_better=True),
    )


def _named(units: set[str]) -> str:
    return ", ".join(sorted(unit or "no unit" for unit in units))
