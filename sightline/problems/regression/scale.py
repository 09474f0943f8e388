"""What is known of the numbers of a dataset: their unit, and how those to learn from are spread."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from sightline.problems.about import About

TOLERATED_DEVIATIONS = 0.1
NUM_RANGES = 10
DEFAULT_NAME = "value"
FEWEST_DIGITS = 6
SURE_DIGITS, MOST_DIGITS = 15, 17
"""A decimal number of 15 digits comes back as it was given; 17 tell any two numbers apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How the numbers of the training images lie; of no images, as if they were all 0."""

    name: str = DEFAULT_NAME
    unit: str = ""
    tolerance: float = 0.0
    """An answer that is off by no more counts as right."""
    mean: float = 0.0
    deviation: float = 0.0
    median: float = 0.0
    edges: tuple[float, ...] = (0.0, 0.0)
    """Ends of ranges with about as many images each, the lowest number first."""
    whole: bool = False
    """Whether all are whole numbers, as counts are."""

    @classmethod
    def of(cls, about: About) -> Self:
        """Read what an artifact says."""
        known = {name: value for name, value in about.items() if name in cls.__dataclass_fields__}
        return cls(**{**known, "edges": tuple(known.get("edges", (0.0, 0.0)))})

    def text(self, value: float) -> str:
        """Write a number with its unit, as exactly as its spread makes sense of."""
        return f"{self.digits(value)} {self.unit}".rstrip()

    def exact(self, value: float) -> str:
        """Write a number that was given, not answered, with its unit."""
        decimals = self._decimals if self.deviation else 0
        digits = min(SURE_DIGITS, _magnitude(value) + 1 + decimals)
        return f"{_given(value, digits)} {self.unit}".rstrip()

    def digits(self, value: float) -> str:
        """Write a number to a hundredth of the deviation."""
        return f"{value:,.{self._decimals}f}" if self.deviation else f"{value:g}"

    def gap(self, value: float) -> str:
        """Write how far numbers lie apart, to a thousandth of the deviation."""
        return f"{value:,.{self._decimals_of_gaps}f}"

    def change(self, value: float) -> str:
        """Write by how much a gap became larger or smaller, with its sign."""
        return f"{value:+,.{self._decimals_of_gaps}f}"

    @property
    def _decimals(self) -> int:
        return _decimals_to(2, self.deviation)

    @property
    def _decimals_of_gaps(self) -> int:
        return _decimals_to(3, self.deviation)

    def range_of(self, value: float) -> int:
        """Return the range that a number falls into; those beyond the ends, into the outer ones."""
        return int(np.searchsorted(self.edges[1:-1], value, side="right"))

    @property
    def ranges(self) -> list[str]:
        """Name the ranges by their ends."""
        pairs = list(zip(self.edges[:-1], self.edges[1:], strict=True))
        if not self.whole:
            digits = _telling_apart(self.edges)
            return [f"{_given(low, digits)} to {_given(high, digits)}" for low, high in pairs]
        # Each ends before the next one begins.
        ends = [*(high - 1 for _, high in pairs[:-1]), pairs[-1][1]]
        return [
            f"{low:,.0f} to {end:,.0f}" if end > low else f"{low:,.0f}"
            for (low, _), end in zip(pairs, ends, strict=True)
        ]

    @property
    def titled(self) -> str:
        """What the numbers are, with their unit, as axes say it."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def _magnitude(value: float) -> int:
    """Return the power of ten that a number begins with."""
    return int(np.floor(np.log10(abs(value)))) if value else 0


def _decimals_to(power: int, deviation: float) -> int:
    """Return the decimals that write so small a share of the deviation, as a power of ten."""
    return min(12, max(0, power - _magnitude(deviation)))


def _given(value: float, digits: int) -> str:
    """Write a number with so many digits, six and those before the point at least."""
    whole = _magnitude(value) + 1
    return f"{value:,.{max(FEWEST_DIGITS, whole if whole <= SURE_DIGITS else 0, digits)}g}"


def _telling_apart(edges: Sequence[float]) -> int:
    """Return the fewest digits with which ends that differ read differently."""
    different = set(edges)
    enough = (
        digits
        for digits in range(FEWEST_DIGITS, MOST_DIGITS)
        if len({_given(edge, digits) for edge in different}) == len(different)
    )
    return next(enough, MOST_DIGITS)


def learned(values: Sequence[float], given: About) -> dict[str, Any]:
    """Return what is to be known of the training images' numbers."""
    numbers = np.asarray(values, np.float64)
    if not len(numbers):
        return {}
    deviation = float(numbers.std())
    scale = Scale(
        tolerance=given.get("tolerance") or TOLERATED_DEVIATIONS * deviation,
        mean=float(numbers.mean()),
        deviation=deviation,
        median=float(np.median(numbers)),
        edges=edges_of(numbers),
        whole=bool((numbers == np.round(numbers)).all()),
    )
    known = asdict(scale) | {"edges": list(scale.edges)}
    return {name: value for name, value in known.items() if name not in ("name", "unit")}


def edges_of(values: Any, most: int = NUM_RANGES) -> tuple[float, ...]:
    """Return the ends of at most so many ranges with about as many numbers each.

    Equal numbers lie in one range, so ranges are fewer where few numbers occur.
    """
    numbers = np.asarray(values, np.float64)
    inner = np.quantile(numbers, np.arange(1, most) / most, method="higher")
    low, high = float(numbers.min()), float(numbers.max())
    # The lowest number begins a range anyway.
    return (low, *(float(edge) for edge in np.unique(inner) if edge > low), high)
