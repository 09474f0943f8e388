"""Average precision on many resamples of the same images at once."""

import numpy as np

from sightline.stage.formats.evaluation import Booleans, Floats


class Ranking:
    """The images in the order of each label's probability, sorted once."""

    def __init__(self, truth: Booleans, scores: Floats) -> None:
        told = truth.any(axis=0) & ~truth.all(axis=0)
        self._labels = [_Order(truth[:, at], scores[:, at]) for at in np.flatnonzero(told).tolist()]

    def mean_average_precision(self, weights: Floats) -> Floats:
        """Return the mean over labels for every row of weights [samples, images].

        A label that a resample has no image of is left out of it.
        """
        if not self._labels:
            return np.zeros(len(weights))
        areas = np.stack([label.average_precision(weights) for label in self._labels])
        present = ~np.isnan(areas)
        total = np.where(present, areas, 0.0).sum(axis=0)
        means: Floats = total / np.maximum(present.sum(axis=0), 1)
        return means


class _Order:
    def __init__(self, positive: Booleans, scores: Floats) -> None:
        self._order = np.argsort(-scores, kind="stable")
        self._positive = np.flatnonzero(positive[self._order])
        ranked = scores[self._order]
        # Equal scores are one threshold: precision is that behind the last of them.
        ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        self._ends = ends[np.searchsorted(ends, self._positive)]

    def average_precision(self, weights: Floats) -> Floats:
        """Return the area under the precision-recall curve as scikit-learn sums it [samples]."""
        drawn = weights[:, self._order]
        named = drawn.cumsum(axis=1)[:, self._ends]
        hits = np.zeros_like(drawn)
        hits[:, self._positive] = drawn[:, self._positive]
        found = hits.cumsum(axis=1)[:, self._ends]
        of_images = drawn[:, self._positive]
        total = of_images.sum(axis=1)
        precision = found / np.maximum(named, 1)
        with np.errstate(invalid="ignore"):
            return np.asarray((of_images * precision).sum(axis=1) / total)
