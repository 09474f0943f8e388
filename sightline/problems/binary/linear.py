"""Logistic regression of yes and no: a sigmoid over each linear score, with an L2 penalty."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from sightline.problems._costs.threshold import is_true
from sightline.problems.classification.linear import MOST_ITERATIONS, LogisticRegression
from sightline.problems.linear import Floats, LinearModel, LinearWeights


class OneVersusRest(LinearModel):
    """A question of its own for each column of goals."""

    name = LogisticRegression.name
    strengths = LogisticRegression.strengths

    def path(self, points: Floats, goals: Floats, weights: Floats) -> Iterator[LinearWeights]:
        # Imported here: half a second, and most who ask a kind of problem never need it.
        from sklearn.linear_model import LogisticRegression as Solver

        solvers = [Solver(max_iter=MOST_ITERATIONS, warm_start=True) for _ in goals.T]
        for strength in self.strengths:
            columns = [
                _fitted(solver.set_params(C=strength), points, is_true(column), weights)
                for solver, column in zip(solvers, goals.T, strict=True)
            ]
            kernels, biases = zip(*columns, strict=True)
            yield np.stack(kernels, axis=1), np.array(biases, np.float32)


def _fitted(solver: Any, points: Floats, yes: Floats, weights: Floats) -> tuple[Floats, float]:
    """Return kernel [d] and bias; what is always so has one exception in n + 1."""
    from sklearn.exceptions import ConvergenceWarning

    if yes.all() or not yes.any():
        odds = float(np.log(len(points)))
        return np.zeros(points.shape[1], np.float32), odds if yes.all() else -odds
    with warnings.catch_warnings():
        # Almost the best weights answer as well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        solver.fit(points, yes, sample_weight=weights)
    return solver.coef_[0].astype(np.float32), float(solver.intercept_[0])
