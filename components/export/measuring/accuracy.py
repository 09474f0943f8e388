"""What a form of the model loses on the test split: its headline figure, over all and by slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.problems.judging import Judging, Measured, NothingAsked
from sightline.stage.formats.evaluation import Figure, Predictions, Slice

RESAMPLES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure before and after."""

    evaluated: float | None
    """The evaluated model's."""
    figure: float | None
    """This form's."""


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
    further: Mapping[str, Change] = field(default_factory=dict)
    """What else evaluate measures of a slice, by name."""


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

    @cached_property
    def evaluated(self) -> list[Any]:
        """The evaluated model's answers to them."""
        return self.judging.served(self.predictions, self.rows)

    @cached_property
    def _before(self) -> Measured:
        return self._measured(self.evaluated)

    def accuracy(self, answers: Sequence[Any]) -> Accuracy:
        """Measure a form's answers, over all images and by slice."""
        before, after = self._before, self._measured(answers)
        pairs = zip(before.slices, after.slices, strict=True)
        return Accuracy(
            overall=_overall(before, after, len(self.rows)),
            slices=tuple(
                _of_slice(first, second, before.headline)
                for first, second in pairs
                if first.figures
            ),
        )

    def _measured(self, answers: Sequence[Any]) -> Measured:
        return self.judging.measured(
            self.judging.answered(self.predictions, self.rows, answers),
            NothingAsked(confidence_level=self.level, bootstrap_samples=RESAMPLES),
        )


def _overall(before: Measured, after: Measured, num_images: int) -> Part:
    """Pair the figure that a person asks for first."""
    first = before.headline[0] if before.headline else None
    now = next((one for one in after.headline if first and one.name == first.name), None)
    return Part(
        column="",
        value="",
        num_images=num_images,
        label=first.label if first else "",
        evaluated=first.value if first else None,
        figure=now.value if now else None,
        low=now.low if now else None,
        high=now.high if now else None,
        loss=loss_between(first, now, higher_is_better=first is None or first.higher_is_better),
    )


def _of_slice(before: Slice, after: Slice, headline: Sequence[HeadlineFigure]) -> Part:
    """Pair all figures of a slice."""
    figures = after.figures
    (name, first), *others = before.figures.items()
    now, whole = figures[name], next((one for one in headline if one.name == name), None)
    return Part(
        column=before.column,
        value=before.value,
        num_images=before.num_images,
        label=whole.label if whole else name.replace("_", " "),
        evaluated=first.value,
        figure=now.value,
        low=now.low,
        high=now.high,
        loss=loss_between(first, now, higher_is_better=whole is None or whole.higher_is_better),
        further={
            other: Change(evaluated=one.value, figure=figures[other].value) for other, one in others
        },
    )


def loss_between(
    before: Figure | HeadlineFigure | None,
    after: Figure | HeadlineFigure | None,
    *,
    higher_is_better: bool,
) -> float | None:
    """Return how many points of 1 a figure lost, or the share by which an error grew."""
    if before is None or after is None or before.value is None or after.value is None:
        return None
    if higher_is_better:
        return round(before.value - after.value, 6)
    if not before.value:
        return 0.0 if not after.value else 1.0
    return round(after.value / before.value - 1, 6)
