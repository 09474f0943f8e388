"""What a form of the model loses on the test split: its headline figure, over all and by slice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from sightline.ground.headlines.headline import Figure
from sightline.problems.judging import Judging, NothingAsked, Subject
from sightline.stage.formats.evaluation import Comparison, Predictions

MOST_VALUES = 20
"""So many values of each slice column are measured, the most common ones, as evaluate does it."""
RESAMPLES = 1_000
RESAMPLES_OF_A_SLICE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A figure on some test images, before and after."""

    column: str
    """Slice column; empty for all images together."""
    value: str
    num_images: int
    label: str
    """What people call the figure."""
    evaluated: float | None
    """The evaluated model's."""
    figure: float | None
    """This form's, with its interval."""
    low: float | None
    high: float | None
    loss: float | None
    """Points of 1 that it lost; of an error, the share by which it grew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """What a form answers, as evaluate would judge it."""

    overall: Part
    slices: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Judges answers to the same test images."""

    judging: Judging[Any]
    predictions: Predictions
    """As evaluate wrote them."""
    rows: tuple[int, ...]
    """Which of them every form answered, in the order of its answers."""
    level: float
    """Of intervals."""
    _figures: dict[tuple[str, str], Figure | None] = field(default_factory=dict, init=False)
    """The evaluated model's figures, the same beside every form: slice column and value -> it."""

    @cached_property
    def evaluated(self) -> list[Any]:
        """The evaluated model's answers to them."""
        return self.judging.served(self.predictions, self.rows)

    def accuracy(self, answers: Sequence[Any]) -> Accuracy:
        """Measure a form's answers, over all images and by slice."""
        places = range(len(self.rows))
        return Accuracy(
            overall=self._part(answers, places, samples=RESAMPLES),
            slices=tuple(
                self._part(answers, chosen, column, value, samples=RESAMPLES_OF_A_SLICE)
                for column, value, chosen in self._slices()
            ),
        )

    def _slices(self) -> list[tuple[str, str, Sequence[int]]]:
        found: list[tuple[str, str, Sequence[int]]] = []
        for column, values in self.predictions.slices.items():
            held = [values[row] for row in self.rows]
            for value, _ in Counter(filter(None, held)).most_common(MOST_VALUES):
                found.append((column, value, [at for at, one in enumerate(held) if one == value]))
        return found

    def _part(
        self,
        answers: Sequence[Any],
        places: Sequence[int],
        column: str = "",
        value: str = "",
        *,
        samples: int,
    ) -> Part:
        rows = [self.rows[place] for place in places]
        if (column, value) not in self._figures:
            served = [self.evaluated[place] for place in places]
            self._figures[column, value] = self._first(rows, served, samples)
        before = self._figures[column, value]
        after = self._first(rows, [answers[place] for place in places], samples)
        return Part(
            column=column,
            value=value,
            num_images=len(rows),
            label=before.label if before else "",
            evaluated=before.value if before else None,
            figure=after.value if after else None,
            low=after.low if after else None,
            high=after.high if after else None,
            loss=loss_between(before, after),
        )

    def _first(self, rows: Sequence[int], answers: Sequence[Any], samples: int) -> Figure | None:
        """Return the figure that a person asks for first; None where there is none."""
        # Slices of slices would be measured, too, and nobody reads them.
        whole = replace(self.predictions, slices={})
        found = self.judging.assess(
            self.judging.answered(whole, rows, answers),
            subject=Subject(model_sha256="", dataset_fingerprint=""),
            champion=Comparison(outcome="none", detail="Nothing is decided here."),
            rules=NothingAsked(confidence_level=self.level, bootstrap_samples=samples),
        ).headline
        return found[0] if found else None


def loss_between(before: Figure | None, after: Figure | None) -> float | None:
    """Return how many points of 1 a figure lost, or the share by which an error grew."""
    if before is None or after is None:
        return None
    if before.higher_is_better:
        return round(before.value - after.value, 6)
    if not before.value:
        return 0.0 if not after.value else 1.0
    return round(after.value / before.value - 1, 6)
