"""The figures that a person asks for first, as the stage that judges a model names them.

The judging stage writes them under `headline` into its document and into its artifact's metadata;
whoever shows a run shows what is named there, in that order, and knows no figure by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from sightline.ground.headlines.old_headline import old_headline

KEY = "headline"
CROSS_VALIDATED = "cross_validated"
"""Under which a stage that trains names figures of images that it may learn from, each answered by
a model that did not: they stand behind those of who judges."""
ROUNDING = 5e-5
"""Figures nearer to each other than this are the same to people, who see three digits."""

Trend = Literal["better", "worse", "same"]


class Figure(BaseModel):
    """A measured number with its name, its interval, and the direction in which it is good."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", use_attribute_docstrings=True, allow_inf_nan=False
    )

    name: str
    label: str
    """What people call it, such as `Test error`."""
    value: float
    low: float | None = None
    """Ends of its interval; None where it has none."""
    high: float | None = None
    higher_is_better: bool = True
    deviation: float | None = None
    """By how much it differs between folds or seeds (standard deviation); None of a single one."""

    @property
    def short(self) -> str:
        """Write the value alone, as columns show it: `0.972`."""
        return digits(self.value)

    @property
    def spread(self) -> str:
        """Write it as folds or seeds have it, such as `0.972 ± 0.011`."""
        return self.short if self.deviation is None else f"{self.short} ± {digits(self.deviation)}"

    @property
    def text(self) -> str:
        """Write it with its interval, such as `0.972 (0.944 to 0.986)`."""
        return f"{self.spread} ({self.interval})" if self.interval else self.spread

    @property
    def doubt(self) -> str:
        """Write what stands below the value alone, such as `± 0.011, 0.944 to 0.986`."""
        spread = "" if self.deviation is None else f"± {digits(self.deviation)}"
        return ", ".join(one for one in (spread, self.interval) if one)

    @property
    def interval(self) -> str:
        """Write the interval alone, such as `0.944 to 0.986`; empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{digits(self.low)} to {digits(self.high)}"

    def trend(self, before: "Figure") -> Trend:
        """Tell whether it became better or worse since an earlier measurement."""
        gained = self.value - before.value
        if abs(gained) < ROUNDING:
            return "same"
        return "better" if (gained > 0) == self.higher_is_better else "worse"

    def change(self, before: "Figure") -> str:
        """Write by how much it changed, such as `-0.005, worse`; `=` for not at all."""
        trend, gained = self.trend(before), self.value - before.value
        sign = "+" if gained > 0 else "-"
        return "=" if trend == "same" else f"{sign}{digits(abs(gained))}, {trend}"


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of two runs; None where one of them has it not."""

    label: str
    before: Figure | None
    after: Figure | None

    @property
    def change(self) -> str:
        """Write by how much it changed; empty where there is nothing to compare."""
        return self.after.change(self.before) if self.before and self.after else ""


def pairs(before: Sequence[Figure], after: Sequence[Figure]) -> tuple[Pair, ...]:
    """Put the figures of the same name of two headlines side by side, in the order of the later."""
    old, new = ({figure.name: figure for figure in figures} for figures in (before, after))
    both = {**old, **new}
    return tuple(Pair(both[name].label, old.get(name), new.get(name)) for name in {**new, **old})


def metadata_of(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Return figures as documents and metadata hold them; no metadata store takes null."""
    return [figure.model_dump(exclude_none=True) for figure in figures]


def numbers_of(figures: Sequence[Figure]) -> dict[str, float | None]:
    """Return figures as single numbers, which a pipeline UI can put into columns."""
    return {
        name: value
        for figure in figures
        for name, value in (
            (figure.name, figure.value),
            (f"{figure.name}_low", figure.low),
            (f"{figure.name}_high", figure.high),
        )
    }


def digits(value: float) -> str:
    """Write a number with three decimals; a small one with three digits, a large one with one."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.1f}"
    return f"{value:.3g}" if 0 < size < 0.001 else f"{value:.3f}"


def figures_in(said: Mapping[str, Any]) -> tuple[Figure, ...]:
    """Read the headline of a document or of an artifact's metadata; empty where it has none."""
    named = said.get(KEY)
    return _read(named if isinstance(named, list | tuple) else old_headline(said))


def cross_validated_in(said: Mapping[str, Any]) -> tuple[Figure, ...]:
    """Read the figures over folds or seeds of an artifact's metadata; empty where it has none."""
    named = said.get(CROSS_VALIDATED)
    return _read(named if isinstance(named, list | tuple) else ())


def _read(listed: Sequence[Any]) -> tuple[Figure, ...]:
    try:
        return tuple(
            one if isinstance(one, Figure) else Figure.model_validate(one) for one in listed
        )
    except ValidationError:  # a record that someone else wrote: other facts of it are still good
        return ()
