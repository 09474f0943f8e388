"""Ridge regression of numbers on a standardised scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sightline.problems.linear import Floats, LinearModel, LinearWeights
from sightline.problems.regression.scale import Scale


@dataclass(frozen=True, slots=True)
class Ridge(LinearModel):
    """Least squares with an L2 penalty."""

    scale: Scale
    """The network puts answers back on it behind the fitted layer."""

    name: ClassVar[str] = "ridge regression"
    strengths: ClassVar[tuple[float, ...]] = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)

    def path(self, points: Floats, goals: Floats, weights: Floats) -> Iterator[LinearWeights]:
        # Imported here: half a second, and most who ask a kind of problem never need it.
        from sklearn.linear_model import Ridge as Solver

        numbers = (goals - self.scale.mean) / self.scale.deviation
        for strength in self.strengths:
            solver = Solver(alpha=1 / strength).fit(points, numbers, sample_weight=weights)
            kernel = np.reshape(solver.coef_, (-1, points.shape[1])).T
            yield kernel.astype(np.float32), np.asarray(solver.intercept_, np.float32).reshape(-1)
