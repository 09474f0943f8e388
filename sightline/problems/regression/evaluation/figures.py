"""How far numbers are off, with intervals by the bootstrap over test images."""

import numpy as np

from sightline.problems._figures.intervals import Measure, resampled, wilson
from sightline.problems.judging import Rules
from sightline.problems.regression.evaluation.info import NumberPredictions
from sightline.problems.regression.scale import Scale
from sightline.stage.arrays import Floats
from sightline.stage.formats.evaluation import Figure

FEWEST_IMAGES = 2
"""One says nothing of how far another would be off."""
ROUNDING = 1e-12


def measure(predictions: NumberPredictions, scale: Scale, rules: Rules) -> dict[str, Figure]:
    """Return every figure by its name."""
    errors = predictions.errors
    sizes = np.abs(errors)
    without = np.abs(predictions.truth - scale.median)

    def numbers(weights: Floats) -> dict[str, Floats]:
        error = _mean(weights, sizes)
        return {
            "mean_absolute_error": error,
            "root_mean_squared_error": np.sqrt(_mean(weights, errors**2)),
            "mean_squared_error": _mean(weights, errors**2),
            "huber_loss": _mean(weights, _huber(errors, scale.deviation)),
            "median_absolute_error": _median(weights, sizes),
            "r2": _r2(weights, predictions.truth, errors),
            "explained_variance": _explained(weights, predictions.truth, errors),
            "correlation": _correlation(weights, predictions),
            "bias": _mean(weights, errors),
            "error_reduction": 1 - _ratio(error, _mean(weights, without)),
        }

    within = wilson(int((sizes <= scale.tolerance).sum()), len(sizes), level=rules.confidence_level)
    largest = Figure(value=float(sizes.max()))
    return {
        **_figures(numbers, len(sizes), rules),
        "largest_error": largest,
        "within_tolerance": within,
    }


def mean_of(values: Floats, rules: Rules) -> Figure:
    """Return a mean with its interval."""
    if not len(values):
        return Figure(value=None, reason="no images")
    return _figures(lambda weights: {"mean": _mean(weights, values)}, len(values), rules)["mean"]


def _figures(numbers: Measure, count: int, rules: Rules) -> dict[str, Figure]:
    found = resampled(
        numbers,
        count,
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
        decimals=None,
        undefined="the numbers are all the same",
    )
    if count >= FEWEST_IMAGES:
        return found
    return {name: Figure(value=one.value, reason=one.reason) for name, one in found.items()}


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


def _huber(errors: Floats, deviation: float) -> Floats:
    """Return half the square of errors up to a deviation, straight beyond (Huber, 1964) [n]."""
    from scipy.special import huber

    return np.asarray(huber(deviation, errors))


def _explained(weights: Floats, truth: Floats, errors: Floats) -> Floats:
    """Return the share of variance accounted for, were the answers shifted by their bias."""
    return 1 - _ratio(_variance(weights, errors), _variance(weights, truth))


def _variance(weights: Floats, values: Floats) -> Floats:
    """Return the variance of numbers of any size; 0 where rounding alone may have made it."""
    centred = values - values.mean()
    found = _mean(weights, centred**2) - _mean(weights, centred) ** 2
    rounding = max(ROUNDING * centred.var(), (ROUNDING * np.abs(values).max()) ** 2)
    return np.where(found > rounding, found, 0.0)


def _r2(weights: Floats, truth: Floats, errors: Floats) -> Floats:
    """Return the share of the numbers' variance that the answers account for."""
    return 1 - _ratio(_mean(weights, errors**2), _variance(weights, truth))


def _correlation(weights: Floats, predictions: NumberPredictions) -> Floats:
    truth, values = (one - one.mean() for one in (predictions.truth, predictions.values))
    means = _mean(weights, truth), _mean(weights, values)
    shared = _mean(weights, truth * values) - means[0] * means[1]
    spreads = [_variance(weights, one) for one in (truth, values)]
    return _ratio(shared, np.sqrt(spreads[0] * spreads[1]))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Divide; nothing to divide by is no number."""
    known = below > 0
    found: Floats = np.where(known, above / np.where(known, below, 1.0), np.nan)
    return found
