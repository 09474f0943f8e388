"""Parts of the test split that share an attribute, such as a camera, held against the rest."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from sightline.ground.wording import counted
from sightline.problems._figures.intervals import wilson
from sightline.problems.judging import Rules
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Figure, Predictions, Slice

MOST_VALUES = 20
Verdict = Literal["worse", "better", "no difference told", "too few images"]
Further = Callable[[Integers], Mapping[str, Figure]]
"""Measures more of some images, by their rows: name -> figure."""


class SliceFigures(Slice):
    """Accuracy on the test images that share one value of a slice column."""

    accuracy: Figure
    others: Figure = Figure(value=None, reason="not compared")
    """Accuracy on the images that have another value in the column."""
    p_value: float | None = None
    """Fisher's exact test (1922) of the two; None where there are too few images."""
    adjusted_p_value: float | None = None
    """The same, corrected for how many slices were looked at (Benjamini and Hochberg, 1995)."""
    verdict: Verdict = "too few images"
    further: dict[str, Figure] = Field(default_factory=dict)
    """Figures that the kind of problem has beside accuracy."""

    @property
    def figures(self) -> dict[str, Figure]:
        """Return accuracy first, then the kind's own."""
        return {"accuracy": self.accuracy, **self.further}


def slice_figures(
    predictions: Predictions, correct: Booleans, rules: Rules, further: Further = lambda _: {}
) -> tuple[SliceFigures, ...]:
    """Measure the share of right answers per value of every slice column.

    The 20 most common values of each are measured. Slices of `min_slice_images` and more are
    held against the images with other values, where the rules ask for that.
    """
    level = rules.confidence_level
    parts = list(parts_of(predictions))
    rests = [with_value(predictions, column) & ~chosen for column, _, chosen in parts]
    enough = [
        min(int(chosen.sum()), int(rest.sum())) >= rules.min_slice_images
        for (_, _, chosen), rest in zip(parts, rests, strict=True)
    ]
    tested = {
        at: _fisher(correct[parts[at][2]], correct[rests[at]])
        for at in np.flatnonzero(enough).tolist()
        if rules.compare_slices
    }
    adjusted = dict(zip(tested, corrected(list(tested.values())), strict=True))
    return tuple(
        SliceFigures(
            column=column,
            value=value,
            num_images=int(chosen.sum()),
            accuracy=_share(correct[chosen], level),
            others=_share(correct[rest], level),
            p_value=tested.get(at),
            adjusted_p_value=adjusted.get(at),
            verdict=_verdict(correct[chosen], correct[rest], adjusted.get(at), level),
            further=dict(further(np.flatnonzero(chosen))) if enough[at] else {},
        )
        for at, ((column, value, chosen), rest) in enumerate(zip(parts, rests, strict=True))
    )


def _share(correct: Booleans, level: float) -> Figure:
    return wilson(int(correct.sum()), len(correct), level=level)


def _fisher(inside: Booleans, outside: Booleans) -> float:
    from scipy.stats import fisher_exact

    table = [[int(part.sum()), int((~part).sum())] for part in (inside, outside)]
    return float(fisher_exact(table).pvalue)


def corrected(p_values: list[float]) -> Floats:
    if not p_values:
        return np.empty(0)
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values), dtype=np.float64)


def _verdict(inside: Booleans, outside: Booleans, p_value: float | None, level: float) -> Verdict:
    if p_value is None:
        return "too few images"
    if p_value > 1 - level:
        return "no difference told"
    return "worse" if inside.mean() < outside.mean() else "better"


def parts_of(predictions: Predictions) -> Iterator[tuple[str, str, Booleans]]:
    """Yield column, value and which images have it [n], of the most common values of each column.

    An image whose cell is empty is of no part.
    """
    for column, values in predictions.slices.items():
        held = np.array(values, dtype=object)
        for value, _ in Counter(filter(None, values)).most_common(MOST_VALUES):
            yield column, value, held == value


def with_value(predictions: Predictions, column: str) -> Booleans:
    """Tell which images have any value in a slice column [n]."""
    return np.array([bool(value) for value in predictions.slices[column]])


def slice_notes(predictions: Predictions) -> list[str]:
    """Name the slice columns of which a part is left out."""
    return [
        f"Slice column '{column}' has {number:,} values; the {MOST_VALUES} most common are shown."
        for column, values in predictions.slices.items()
        if (number := len(set(filter(None, values)))) > MOST_VALUES
    ]


def slice_warnings(slices: tuple[SliceFigures, ...], rules: Rules) -> list[str]:
    """Name the slices on which a model is worse than on the rest, beyond chance."""
    worse = [one for one in slices if one.verdict == "worse"]
    if not worse:
        return []
    looked = sum(one.p_value is not None for one in slices)
    named = "; ".join(
        f"{one.column} {one.value} ({one.accuracy.value:.1%} right of {one.num_images:,}, others "
        f"{one.others.value:.1%})"
        for one in sorted(worse, key=lambda one: one.accuracy.value or 0.0)[:5]
    )
    more = f"; and {len(worse) - 5} more" if len(worse) > 5 else ""
    said = (
        f"Worse than on other images, beyond chance at {1 - rules.confidence_level:.0%} after "
        f"correction for {counted(looked, 'slice')}: {named}{more}. Collect more such images."
    )
    return [said]
