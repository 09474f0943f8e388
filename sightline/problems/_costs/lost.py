"""What mistakes cost on the test split, at the thresholds that train chose on validation images."""

import numpy as np

from sightline.problems._costs.costs import Costs, each_cost
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems._figures.intervals import resampled
from sightline.problems.judging import Rules
from sightline.stage.formats.evaluation import Booleans, Figure, Floats, Part


class CostFigures(Part):
    """What mistakes cost, per decision."""

    miss: float
    false_alarm: float
    """What a person said that they cost."""
    cost: Figure
    """Mean cost of a decision at the thresholds of the model."""
    usual: Figure
    """At the threshold that models have where none is chosen."""
    saved: Figure
    """The second minus the first, on the same images."""


def cost_figures(
    truth: Booleans,
    chances: Floats,
    threshold: float | Floats,
    costs: Costs | None,
    rules: Rules,
) -> CostFigures | None:
    """Measure what decisions [n] or [n, labels] cost; nothing where nobody said what they do."""
    if costs is None:
        return None
    own, usual = (
        each_cost(truth, chances >= at, costs).reshape(len(truth), -1).mean(axis=1)
        for at in (threshold, THRESHOLD)
    )

    def measure(weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        found = {"cost": weights @ own / total, "usual": weights @ usual / total}
        return {**found, "saved": np.asarray(found["usual"] - found["cost"])}

    figures = resampled(
        measure,
        len(truth),
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )
    return CostFigures(miss=costs.miss, false_alarm=costs.false_alarm, **figures)
