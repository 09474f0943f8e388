"""Whether groups of people or things are treated alike: rates of each group beside the largest."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from sightline.ground.errors import shorten
from sightline.problems._figures.intervals import wilson
from sightline.problems.judging import Rules
from sightline.stage.arrays import Booleans
from sightline.stage.formats.evaluation import Figure, Part, Predictions

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
FEW = "too few images"


class GroupFigures(Part):
    """How often a group is given a name, rightly and wrongly."""

    column: str
    group: str
    name: str
    """The class or label that is given."""
    num_images: int
    rates: dict[str, Figure]
    """`selection_rate` (given it at all), `true_positive_rate`, `false_positive_rate`."""
    reference: str
    """The largest group of the column."""
    differences: dict[str, Figure]
    """Each rate minus that of the reference, with Newcombe's interval (1998, method 10)."""


def fairness_figures(
    predictions: Predictions, truth: Booleans, given: Booleans, names: Sequence[str], rules: Rules
) -> tuple[GroupFigures, ...]:
    """Measure the groups of each column that a person named, for each name that may be given.

    truth, given: whether an image has each name, and whether the model gives it [n, names].
    """
    found = []
    for column in rules.fairness_columns:
        values = np.array(predictions.slices.get(column, ()), dtype=object)
        counts = Counter(filter(None, values.tolist()))
        if len(counts) < 2:
            continue
        (reference, _), *_ = counts.most_common(1)
        for at, name in enumerate(names):
            sides = truth[:, at], given[:, at]
            own = {group: _rates(*sides, values == group, rules) for group in counts}
            found += [
                GroupFigures(
                    column=column,
                    group=group,
                    name=name,
                    num_images=number,
                    rates=own[group],
                    reference=reference,
                    differences=_differences(own[group], own[reference], group != reference),
                )
                for group, number in counts.most_common()
            ]
    return tuple(found)


def fairness_notes(predictions: Predictions, rules: Rules) -> list[str]:
    """Say which columns could not be looked at."""
    notes = []
    for column in rules.fairness_columns:
        values = set(filter(None, predictions.slices.get(column, ())))
        if len(values) < 2:
            there = shorten(sorted(predictions.slices)) or "none"
            received = f"one group ({values.pop()})" if values else "no such column with values"
            notes.append(
                f"Fairness by '{column}' was not measured: expected a slice column with two "
                f"groups or more among the test images, received {received}. Columns: {there}. "
                "Correct evaluate.fairness_columns."
            )
    return notes


def _rates(truth: Booleans, given: Booleans, chosen: Booleans, rules: Rules) -> dict[str, Figure]:
    true, named = truth[chosen], given[chosen]
    pairs = ((named, len(named)), (named & true, true.sum()), (named & ~true, (~true).sum()))
    return {
        rate: wilson(int(hits.sum()), int(total), level=rules.confidence_level)
        if total >= rules.min_slice_images
        else Figure(value=None, reason=FEW)
        for rate, (hits, total) in zip(RATES, pairs, strict=True)
    }


def _differences(
    own: dict[str, Figure], reference: dict[str, Figure], others: bool
) -> dict[str, Figure]:
    return {rate: difference_of(own[rate], reference[rate]) for rate in RATES} if others else {}


def difference_of(one: Figure, other: Figure) -> Figure:
    """Return the difference of two shares, whose intervals are Wilson's."""
    if one.value is None or other.value is None:
        return Figure(value=None, reason=FEW)
    ends = [end if end is not None else math.nan for end in (one.low, one.high)]
    other_ends = [end if end is not None else math.nan for end in (other.low, other.high)]
    difference = one.value - other.value
    return Figure(
        value=difference,
        low=difference - math.hypot(one.value - ends[0], other_ends[1] - other.value),
        high=difference + math.hypot(ends[1] - one.value, other.value - other_ends[0]),
    )
