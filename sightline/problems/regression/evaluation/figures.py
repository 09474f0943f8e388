"""How far numbers are off, with intervals by the bootstrap over test images."""

from collections.abc import Callable

import numpy as np

from sightline.problems._figures.intervals import percentile, resample_weights, wilson
from sightline.problems.judging import Rules
from sightline.problems.regression.evaluation.info import NumberPredictions
from sightline.problems.regression.scale import Scale
from sightline.stage.formats.evaluation import Figure, Floats

FEWEST_IMAGES = 2
Statistic = Callable[[Floats], Floats]
"""Makes a number of each row of weights [samples, n]: how often each image counts."""


def measure(predictions: NumberPredictions, scale: Scale, rules: Rules) -> dict[str, Figure]:
    """Return every figure by its name."""
    errors = predictions.errors
    sizes = np.abs(errors)
    without = np.abs(predictions.truth - scale.median)
    statistics: dict[str, Statistic] = {
        "mean_absolute_error": lambda weights: _mean(weights, sizes),
        "root_mean_squared_error": lambda weights: np.sqrt(_mean(weights, errors**2)),
        "median_absolute_error": lambda weights: _median(weights, sizes),
        "r2": lambda weights: _r2(weights, predictions.truth, errors),
        "correlation": lambda weights: _correlation(weights, predictions),
        "bias": lambda weights: _mean(weights, errors),
        "error_reduction": lambda weights: (
            1 - _ratio(_mean(weights, sizes), _mean(weights, without))
        ),
    }
    within = wilson(int((sizes <= scale.tolerance).sum()), len(sizes), level=rules.confidence_level)
    figures = {name: _figure(one, len(sizes), rules) for name, one in statistics.items()}
    return {**figures, "within_tolerance": within}


def mean_of(values: Floats, rules: Rules) -> Figure:
    """Return a mean with its interval."""
    return _figure(lambda weights: _mean(weights, values), len(values), rules)


def _figure(statistic: Statistic, count: int, rules: Rules) -> Figure:
    if count == 0:
        return Figure(value=None, reason="no images")
    value = float(statistic(np.ones((1, count)))[0])
    if not np.isfinite(value):
        return Figure(value=None, reason="the numbers are all the same")
    if count < FEWEST_IMAGES:
        return Figure(value=value)
    drawn = resample_weights(count, samples=rules.bootstrap_samples, seed=rules.seed)
    resampled = np.concatenate([statistic(weights) for weights in drawn])
    # A resample of few images may hold one number only.
    return percentile(value, resampled[np.isfinite(resampled)], level=rules.confidence_level)


def _mean(weights: Floats, values: Floats) -> Floats:
    found: Floats = weights @ values / weights.sum(axis=1)
    return found


def _median(weights: Floats, values: Floats) -> Floats:
    order = np.argsort(values)
    reached = np.cumsum(weights[:, order], axis=1)
    half = reached[:, -1:] / 2
    low = (reached >= half).argmax(axis=1)
    high = (reached > half).argmax(axis=1)
    found: Floats = (values[order][low] + values[order][high]) / 2
    return found


def _r2(weights: Floats, truth: Floats, errors: Floats) -> Floats:
    """Return the share of the numbers' variance that the answers account for."""
    centred = truth - truth.mean()
    spread = _mean(weights, centred**2) - _mean(weights, centred) ** 2
    return 1 - _ratio(_mean(weights, errors**2), spread)


def _correlation(weights: Floats, predictions: NumberPredictions) -> Floats:
    truth, values = (one - one.mean() for one in (predictions.truth, predictions.values))
    means = _mean(weights, truth), _mean(weights, values)
    shared = _mean(weights, truth * values) - means[0] * means[1]
    spreads = [
        _mean(weights, one**2) - mean**2 for one, mean in zip((truth, values), means, strict=True)
    ]
    return _ratio(shared, np.sqrt(np.maximum(spreads[0] * spreads[1], 0)))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; nothing to divide by is no number."""
    known = below > 1e-12
    found: Floats = np.where(known, above / np.where(known, below, 1.0), np.nan)
    return found
