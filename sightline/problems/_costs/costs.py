"""What wrong answers cost. Servers load this: it imports nothing that measures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.problems._costs.table import CostTable

COSTS = "costs"
"""What `about` calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a person says about wrong answers, each in the same unit."""

    miss: float = 1.0
    """A name that is true and not given."""
    false_alarm: float = 1.0
    """A name that is given and not true."""
    rejection: float = 0.0
    """An image that the model leaves to a person, as a share of a wrong answer; 0 is never."""
    table: "CostTable | None" = None
    """What each answer costs by each truth, in place of these."""

    @property
    def break_even(self) -> float:
        """From which probability on a name costs less than none, if probabilities are right.

        This is the threshold of decision theory (Elkan, 2001).
        """
        return self.false_alarm / (self.false_alarm + self.miss)

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "Costs | None":
        """Read what `about` says; None where nothing was asked, or in a table."""
        told = about.get(COSTS, {})
        return cls(**told) if "miss" in told else None

    def document(self) -> dict[str, float]:
        """Return what `about` holds."""
        return {name: value for name, value in asdict(self).items() if name != "table"}
