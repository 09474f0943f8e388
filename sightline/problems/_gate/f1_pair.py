"""F1 of two models on the same images, and what each image adds to the difference."""

import numpy as np

from sightline.problems._figures.intervals import resampled
from sightline.problems._figures.rates import averaged_rates
from sightline.problems._gate.gains import LEVEL, Gains
from sightline.problems._gate.verdicts import Paired
from sightline.problems.judging import Rules
from sightline.stage.arrays import Booleans, Floats


def f1_pair(
    name: str, truth: Booleans, candidate: Booleans, champion: Booleans, rules: Rules
) -> Paired:
    """Pair the mean F1 of names; columns without a true one are left out.

    Args:
        name: what people call the figure.
        truth: which names are true [images, names].
        candidate: which ones the new model gives.
        champion: which ones the live model gives.
        rules: how often images are drawn.
    """
    true, new, old = (one.astype(np.float64) for one in (truth, candidate, champion))

    def measure(weights: Floats) -> dict[str, Floats]:
        both = macro_f1(true, new, weights), macro_f1(true, old, weights)
        return {"new": both[0], "live": both[1], "difference": both[0] - both[1]}

    figures = resampled(
        measure, len(true), level=LEVEL, samples=rules.bootstrap_samples, seed=rules.seed
    )
    difference = figures["difference"]
    return Paired(
        name=name,
        candidate=figures["new"].value or 0.0,
        champion=figures["live"].value or 0.0,
        gains=Gains(values=_shares(true, new) - _shares(true, old)),
        ends=(difference.low or 0.0, difference.high or 0.0),
    )


def macro_f1(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """Return macro F1 of every row of weights [samples, images]; sets are [images, names]."""
    sums = (weights @ (truth * predicted), weights @ predicted, weights @ truth)
    return averaged_rates(*sums)["macro_f1"]


def _shares(truth: Floats, given: Floats) -> Floats:
    """Return numbers per image [n] whose mean is macro F1, and which tell of its spread.

    They are the influence of each image on it (infinitesimal jackknife).
    """
    number = len(truth)
    either = truth.sum(axis=0) + given.sum(axis=0)
    known = truth.sum(axis=0) > 0
    scores = 2 * (truth * given).sum(axis=0) / np.maximum(either, 1)
    influence = 2 * (truth * given - scores / 2 * (truth + given)) / np.maximum(either, 1)
    found = number * influence[:, known].mean(axis=1) + scores[known].mean()
    return np.asarray(found.round(12))
