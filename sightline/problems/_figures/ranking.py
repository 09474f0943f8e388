"""Areas under curves on many resamples of the same images at once."""

import numpy as np

from sightline.stage.arrays import Booleans, Floats
from sightline.stage.formats.evaluation import Figure


class Ranking:
    """The images in the order of each label's probability, sorted once."""

    def __init__(self, truth: Booleans, scores: Floats) -> None:
        self._num_images = len(truth)
        told = truth.any(axis=0) & ~truth.all(axis=0)
        self._labels = [_Order(truth[:, at], scores[:, at]) for at in np.flatnonzero(told).tolist()]

    def mean_average_precision(self, weights: Floats) -> Floats:
        """Return the mean over labels for every row of weights [samples, images].

        A label that a resample has no image of is left out of it.
        """
        return _mean([label.average_precision(weights) for label in self._labels], len(weights))

    def mean_roc_auc(self, weights: Floats) -> Floats:
        """Return the mean over labels for every row of weights [samples, images].

        A label that a resample has only images with, or without, is left out of it.
        """
        return _mean([label.roc_auc(weights) for label in self._labels], len(weights))

    def plain_roc_auc(self, *, otherwise: str) -> Figure:
        """Return the mean over labels of all images; `otherwise` says why there is none."""
        if not self._labels:
            return Figure(value=None, reason=otherwise)
        return Figure(value=float(self.mean_roc_auc(np.ones((1, self._num_images)))[0]))


def _mean(of_labels: list[Floats], num_samples: int) -> Floats:
    if not of_labels:
        return np.zeros(num_samples)
    areas = np.stack(of_labels)
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
        self._starts = np.searchsorted(-ranked, -ranked[self._positive])
        self._is_negative = ~positive[self._order]

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

    def roc_auc(self, weights: Floats) -> Floats:
        """Return the share of pairs that stand in the right order, ties as half of one [samples].

        A pair is an image that has the label and one that has it not (Mann and Whitney, 1947).
        """
        drawn = weights[:, self._order]
        passed = np.zeros((len(drawn), drawn.shape[1] + 1))
        np.cumsum(drawn * self._is_negative, axis=1, out=passed[:, 1:])
        of_images, all_negative = drawn[:, self._positive], passed[:, -1]
        above = (passed[:, self._starts] + passed[:, self._ends + 1]) / 2
        below = all_negative * of_images.sum(axis=1) - (of_images * above).sum(axis=1)
        with np.errstate(invalid="ignore"):
            return np.asarray(below / (all_negative * of_images.sum(axis=1)))
