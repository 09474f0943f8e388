"""A metric of a package on test images: its value, its interval, and what each image adds to it."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from sightline.ground.errors import DataError, one_line
from sightline.ground.plugins.metric import Metric
from sightline.problems._figures.intervals import (
    STABLE_DECIMALS,
    percentile,
    resample_weights,
    resampled,
)
from sightline.stage.arrays import Floats, Integers
from sightline.stage.formats.evaluation import Figure, Predictions

MOST_LEFT_OUT = 1000
"""Parts of the images that are left out in turn: of more images, several at a time."""
NOT_FINITE = "it is no finite number on these images"
OfRows = Callable[[Integers], float]
"""The metric on some of the images, by their rows."""


class MetricError(DataError):
    """A metric that fails, or gives what is none."""


def measured(metric: Metric, seen: Predictions) -> Floats:
    """Return a number for each image [n], or one for all [].

    Raises:
        MetricError: it fails, or gives something else.
    """
    number = len(seen.ids)
    try:
        found = np.asarray(metric.measure(seen), dtype=np.float64)
    except Exception as error:  # whatever somebody's metric raises
        raise MetricError(f"{type(error).__name__}: {one_line(error)}") from error
    if found.shape not in ((), (number,)):
        raise MetricError(
            f"expected one number, or one for each of {number:,} images; received an array of "
            f"shape {list(found.shape)}"
        )
    if found.ndim and not np.isfinite(found).all():
        row = int(np.argmin(np.isfinite(found)))
        raise MetricError(f"expected finite numbers; received {found[row]} of {seen.uris[row]}")
    return found


def figure_of(
    metric: Metric, seen: Predictions, *, level: float, samples: int, seed: int
) -> Figure:
    """Return the metric with the interval that resamples of the images give it.

    Raises:
        MetricError: it fails, or gives something else.
    """
    found, number = measured(metric, seen), len(seen.ids)
    if found.ndim:

        def mean(weights: Floats) -> dict[str, Floats]:
            return {"": weights @ found / number}

        return resampled(mean, number, level=level, samples=samples, seed=seed, decimals=None)[""]
    if not np.isfinite(found):
        return Figure(value=None, reason=NOT_FINITE)
    of_rows = by_rows(metric, seen)
    drawn = np.array([of_rows(rows) for rows in drawn_rows(number, samples=samples, seed=seed)])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Figure(value=float(found))
    return percentile(float(found), drawn, level=level)


def drawn_rows(number: int, *, samples: int, seed: int) -> Iterator[Integers]:
    """Yield the rows of each resample: those that the weights of our own figures draw."""
    rows = np.arange(number)
    for weights in resample_weights(number, samples=samples, seed=seed):
        for one in weights:
            yield np.repeat(rows, one.astype(np.int64))


def by_rows(metric: Metric, seen: Predictions) -> OfRows:
    """Return what measures some rows; of fewer images it may be no number."""

    def of_rows(rows: Integers) -> float:
        try:
            found = measured(metric, seen.of_rows(rows))
        except MetricError:  # a resample may lack what the metric needs, such as a class
            return math.nan
        return float(found.mean()) if found.size else math.nan

    return of_rows


def added_by_each(metric: Metric, seen: Predictions) -> Floats:
    """Return numbers per image [n] whose mean is the metric, and which tell of its spread.

    Of a metric that is a mean they are its own; else pseudo-values (jackknife, Tukey, 1958).

    Raises:
        MetricError: it fails, or is no finite number.
    """
    found, number = measured(metric, seen), len(seen.ids)
    if found.ndim:
        return found
    if not np.isfinite(found):
        raise MetricError(NOT_FINITE)
    whole, of_rows = float(found), by_rows(metric, seen)
    together = math.ceil(number / MOST_LEFT_OUT)
    part = np.arange(number) // together
    if part[-1] == 0:
        return np.full(number, whole)
    without = np.array([of_rows(np.flatnonzero(part != one)) for one in range(part[-1] + 1)])
    size = np.bincount(part)
    # The mean of several images spreads less than one of them does.
    moved = (number - size) * (whole - np.where(np.isfinite(without), without, whole))
    added = (moved / np.sqrt(size))[part]
    return np.asarray((whole + added - added.mean()).round(STABLE_DECIMALS))
