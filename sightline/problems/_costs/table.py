"""What each answer costs by each truth: the table that the answer of least expected cost needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sightline.ground.errors import DataError
from sightline.problems._costs.costs import COSTS, Costs
from sightline.stage.arrays import Floats, Integers

TABLE, REJECTED = "table", "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """Costs in one unit, in the order of the classes."""

    answers: tuple[tuple[float, ...], ...]
    """A row per true class, a column per answered class."""
    rejected: tuple[float, ...] = ()
    """Of leaving an image to a person, per true class; empty where none is."""

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> "CostTable | None":
        """Read what `about` says; None where there is no table."""
        told = about.get(COSTS, {})
        if TABLE not in told:
            return None
        return cls(answers=tuple(map(tuple, told[TABLE])), rejected=tuple(told.get(REJECTED, ())))

    def document(self) -> dict[str, Any]:
        """Return what `about` holds."""
        table = {TABLE: [list(row) for row in self.answers]}
        return table | ({REJECTED: list(self.rejected)} if self.rejected else {})

    def as_two(self, positive: int) -> Costs:
        """Return what a miss and a false alarm cost more than a right answer, of two classes.

        Raises:
            DataError: images shall be rejected, which yes and no never are.
        """
        if self.rejected:
            raise DataError(
                f"train.cost_table: expected no column '{REJECTED}', received one: problem binary "
                "leaves no image to a person. Leave the column out, or set ingest.problem to "
                "classification."
            )
        yes, no = self.answers[positive], self.answers[1 - positive]
        return Costs(
            miss=yes[1 - positive] - yes[positive], false_alarm=no[positive] - no[1 - positive]
        )

    def expected(self, probabilities: Any) -> Floats:
        """Return what each answer costs on average [n, classes], and rejecting, if it may be.

        Sums are of double precision and their result is of single: graph and arrays then agree.
        """
        return np.asarray(
            (np.asarray(probabilities, np.float64) @ self.columns()).astype(np.float32)
        )

    def columns(self) -> Floats:
        """Return the table with rejecting as its last column, in double precision of single."""
        columns = np.array(self.answers, np.float32)
        if self.rejected:
            columns = np.column_stack([columns, np.array(self.rejected, np.float32)])
        return columns.astype(np.float64)

    def paid(self, truth: Integers, index: Integers) -> Floats:
        """Return what answers cost [n]."""
        return np.asarray(self.columns()[truth, index])

    def rejecting(self, truth: Integers) -> Floats:
        """Return what leaving images to a person costs [n]."""
        return np.asarray(self.columns()[truth, -1])
