"""A model of numbers and the live one, paired by their errors on the same test images."""

from typing import Literal

import numpy as np

from sightline.problems.judging import Champion, Rules
from sightline.problems.regression.evaluation.figures import mean_of
from sightline.problems.regression.evaluation.info import ErrorComparison, NumberPredictions
from sightline.stage.formats.bundle import SERVED_FORMATS


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
            detail=f"Version {version} can judge none of the test images. It reads "
            f"{', '.join(SERVED_FORMATS)} only.",
            version=version,
        )
    theirs = np.array([champion.answers[predictions.ids[row]].value for row in rows])
    first = np.abs(predictions.errors[rows])
    second = np.abs(theirs - predictions.truth[rows])
    difference = mean_of(first - second, rules)
    verdict: Literal["better", "worse", "cannot tell"] = "cannot tell"
    if difference.high is not None and difference.high < 0:
        verdict = "better"
    elif difference.low is not None and difference.low > 0:
        verdict = "worse"
    return ErrorComparison(
        outcome="compared",
        detail=_coverage(len(predictions.ids) - len(rows)),
        version=version,
        num_images=len(rows),
        candidate_error=float(first.mean()),
        champion_error=float(second.mean()),
        difference=difference,
        only_candidate_right=int((first < second).sum()),
        only_champion_right=int((second < first).sum()),
        verdict=verdict,
    )


def _coverage(left_out: int) -> str:
    if not left_out:
        return "All test images."
    formats = ", ".join(SERVED_FORMATS)
    return f"{left_out:,} test images are left out: the served model reads {formats} only."


def _named(units: set[str]) -> str:
    return ", ".join(sorted(unit or "no unit" for unit in units))
