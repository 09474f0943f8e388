"""Multinomial logistic regression: softmax over linear scores, with an L2 penalty."""

import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from sightline.problems.linear import Floats, LinearModel, LinearWeights

MOST_ITERATIONS = 300


class LogisticRegression(LinearModel):
    """One score per class."""

    name = "logistic regression"
    strengths: ClassVar = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)

    def path(self, points: Floats, goals: Floats, weights: Floats) -> Iterator[LinearWeights]:
        # Imported here: half a second, and most who ask a kind of problem never need it.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression as Solver

        labels = goals.argmax(axis=1)
        seen = np.unique(labels)
        solver = Solver(max_iter=MOST_ITERATIONS, warm_start=True)
        for strength in self.strengths:
            kernel, bias = np.zeros((points.shape[1], 1)), np.zeros(1)
            if len(seen) > 1:
                with warnings.catch_warnings():
                    # Almost the best weights answer as well.
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    solver.set_params(C=strength).fit(points, labels, sample_weight=weights)
                kernel, bias = _scores(solver)
            yield _for_all_classes(points, kernel, bias, seen, goals.shape[1])


def _scores(solver: Any) -> LinearWeights:
    """Return a column per class that was seen; of two, scikit-learn keeps the difference."""
    kernel, bias = solver.coef_.T, solver.intercept_
    if kernel.shape[1] == 1:
        half = np.array([-0.5, 0.5])
        return kernel * half, bias * half
    return kernel, bias


def _for_all_classes(
    points: Floats, kernel: Floats, bias: Floats, seen: Floats, num_classes: int
) -> LinearWeights:
    """Give classes without examples the probability of one image more: 1 in n + 1."""
    scores = points @ kernel + bias
    highest = scores.max(axis=1)
    total = highest + np.log(np.exp(scores - highest[:, None]).sum(axis=1))
    all_kernel = np.zeros((points.shape[1], num_classes), np.float32)
    all_bias = np.full(num_classes, total.mean() - np.log(len(points)), np.float32)
    all_kernel[:, seen], all_bias[seen] = kernel, bias
    return all_kernel, all_bias
