"""What mistakes cost on the test split, at the thresholds that train chose on validation images."""

import numpy as np

from sightline.problems._costs.choice import Choice
from sightline.problems._costs.choosing_threshold import each_cost
from sightline.problems._costs.costs import Costs
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems._figures.intervals import resampled, wilson
from sightline.problems.judging import Rules
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Figure, Part


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


class TableFigures(Part):
    """What answers cost by a table, per image."""

    cost: Figure
    """Mean cost of an image, as the model answers and rejects."""
    usual: Figure
    """If the likeliest class were named for every image."""
    saved: Figure
    """The second minus the first, on the same images."""
    rejected: Figure
    """Share of images left to a person."""
    by_cost: bool
    """Whether the class of least expected cost is named, not the likeliest."""
    table: tuple[tuple[float, ...], ...]
    """A row per true class, a column per answered class."""
    rejecting: tuple[float, ...] = ()
    """What leaving an image to a person costs, per true class."""


def table_figures(
    truth: Integers, chances: Floats, choice: Choice, rules: Rules
) -> TableFigures | None:
    """Measure what answers to images [n] cost; nothing where there is no table."""
    table = choice.table
    if table is None:
        return None
    rejected = choice.is_rejected(chances)
    left = np.zeros(len(truth), bool) if rejected is None else rejected
    named = table.paid(truth, choice.index(chances))
    own = np.where(left, table.rejecting(truth), named) if table.rejected else named
    return TableFigures(
        **_compared(own, table.paid(truth, Choice().index(chances)), rules),
        rejected=wilson(int(left.sum()), len(left), level=rules.confidence_level),
        by_cost=choice.by_cost,
        table=table.answers,
        rejecting=table.rejected,
    )


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
    return CostFigures(
        miss=costs.miss, false_alarm=costs.false_alarm, **_compared(own, usual, rules)
    )


def _compared(own: Floats, usual: Floats, rules: Rules) -> dict[str, Figure]:
    """Return the mean costs of images [n], and their difference, each with its interval."""

    def measure(weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        found = {"cost": weights @ own / total, "usual": weights @ usual / total}
        return {**found, "saved": np.asarray(found["usual"] - found["cost"])}

    return resampled(
        measure,
        len(own),
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )
