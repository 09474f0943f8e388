"""How well one property of an image tells its class: the best simple rule, on held-out folds.

A rule is an interval of a number, or a set of values, for one class against the rest. Its phi
coefficient (Matthews, 1975) is 1 where the rule and the class are one, and 0 for chance, however
rare the class is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

FEWEST_BINS, MOST_BINS = 64, 512
MOST_CELLS = 65_536
"""Bins times classes, where that leaves 64 bins."""
Z_OF_95_PERCENT = 1.645
Counts = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Rule = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Binned:
    """One property of every image, in bins."""

    codes: Counts
    """Bin of each image [n]."""
    lows: tuple[Any, ...]
    """Smallest value of each bin; the value itself where the property is no number."""
    highs: tuple[Any, ...]
    ordered: bool
    """A rule is an interval of bins; else any set of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """How well a property tells each class, [classes] each."""

    phi: Floats
    """Out of sample."""
    phi_at_least: Floats
    """Lower end of its 95 % interval, by Fisher's transformation."""
    predicted: Counts
    """Images for which the rule of the other folds holds."""
    right: Counts
    """Those of the class among them."""
    of_class: Counts
    """Images of the class."""
    bins: Rule
    """The rule of each class from all images [bins, classes]."""
    hits: Counts
    """Images of the class for which that rule holds."""
    others: Counts
    """Images of other classes for which it holds."""

    def p_values(self) -> Floats:
        """Return the chance of as many right ones if the property said nothing [classes]."""
        # Imported here: most datasets have no rule to ask about, and it takes most of a second.
        from scipy.stats import hypergeom

        total = self.of_class.sum()
        chance = hypergeom.sf(self.right - 1, total, self.of_class, self.predicted)
        return np.asarray(chance, np.float64)


def bins_of_numbers(values: Floats, *, num_classes: int) -> Binned:
    """Put numbers into 64 to 512 bins of about as many images each, equal ones together."""
    most = min(max(MOST_CELLS // num_classes, FEWEST_BINS), MOST_BINS)
    distinct, codes = np.unique(values, return_inverse=True)
    if len(distinct) > most:
        ranks = np.linspace(0, len(values) - 1, most + 1)[1:-1].astype(np.int64)
        edges = np.unique(np.sort(values)[ranks])
        of_distinct = np.searchsorted(edges, distinct, side="left")
        _, of_distinct = np.unique(of_distinct, return_inverse=True)
        codes = of_distinct[codes]
        starts = np.flatnonzero(np.diff(of_distinct, prepend=-1))
        ends = np.append(starts[1:], len(distinct)) - 1
        return Binned(codes, tuple(distinct[starts]), tuple(distinct[ends]), ordered=True)
    return Binned(codes, tuple(distinct), tuple(distinct), ordered=True)


def bins_of_texts(values: list[str]) -> Binned:
    """Give each text a bin; of more than 512, the rare ones are never part of a rule."""
    found, codes, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_BINS - 1])
    place = np.full(len(found), len(kept), np.int64)
    place[kept] = np.arange(len(kept))
    names = (*(str(found[at]) for at in kept), *(("",) if len(kept) < len(found) else ()))
    return Binned(place[codes], names, names, ordered=False)


def tell(binned: Binned, classes: Counts, folds: Counts, *, num_classes: int) -> Told:
    """Judge the best rule of every class on the folds that it was not made from.

    `classes` and `folds` are the class and the fold of each image [n], from 0 on.
    """
    num_bins, num_folds = len(binned.lows), int(folds.max()) + 1
    places = (folds * num_bins + binned.codes) * num_classes + classes
    table = np.bincount(places, minlength=num_folds * num_bins * num_classes)
    table = table.reshape(num_folds, num_bins, num_classes)
    total = table.sum(axis=0)
    hits, predicted = np.zeros((2, num_classes), np.int64)
    for part in table:
        rule = best_rule(total - part, ordered=binned.ordered)
        hits += (part * rule).sum(axis=0)
        predicted += covered_by(rule, part)
    of_class = total.sum(axis=0)
    rule = best_rule(total, ordered=binned.ordered)
    inside = (total * rule).sum(axis=0)
    phi = phi_of(hits, predicted, of_class)
    return Told(
        phi=phi,
        phi_at_least=lower_end(phi, of_class),
        predicted=predicted,
        right=hits,
        of_class=of_class,
        bins=rule,
        hits=inside,
        others=covered_by(rule, total) - inside,
    )


def best_rule(counts: Counts, *, ordered: bool) -> Rule:
    """Return per class the bins that tell it best [bins, classes], from counts of this shape.

    Two weighings of the others are tried, for a rare class and for a common one.
    """
    of_class = np.maximum(counts.sum(axis=0), 1)
    others = counts.sum(axis=1, keepdims=True) - counts
    num_others = np.maximum(counts.sum() - counts.sum(axis=0), 1)
    rules = [
        pick(counts / of_class - others / weight, ordered=ordered)
        for weight in (num_others, of_class)
    ]
    hits = [(counts * rule).sum(axis=0) for rule in rules]
    found = [
        phi_of(hit, covered_by(rule, counts), counts.sum(axis=0))
        for hit, rule in zip(hits, rules, strict=True)
    ]
    rule = np.where(found[0] >= found[1], rules[0], rules[1])
    return rule[nearest(counts.sum(axis=1) > 0)] if ordered else rule


def nearest(occupied: Rule) -> Counts:
    """Return for each bin the next one that holds an image: it speaks for those between."""
    held = np.flatnonzero(occupied)
    middles = (held[1:] + held[:-1]) / 2
    return np.asarray(held[np.searchsorted(middles, np.arange(len(occupied)))])


def covered_by(rule: Rule, counts: Counts) -> Counts:
    """Return for how many images the rule of each class holds [classes]."""
    # Products of whole numbers are slow, and floats hold such counts exactly.
    return np.asarray(counts.sum(axis=1).astype(float) @ rule.astype(float)).astype(np.int64)


def pick(gains: Floats, *, ordered: bool) -> Rule:
    """Return the bins, in one run if ordered, whose gains sum up to the most [bins, classes]."""
    if not ordered:
        return np.asarray(gains > 0)
    sums = np.vstack([np.zeros(gains.shape[1]), np.cumsum(gains, axis=0)])
    lowest = np.minimum.accumulate(sums, axis=0)
    steps = np.arange(len(sums))[:, np.newaxis]
    lowest_at = np.maximum.accumulate(np.where(sums == lowest, steps, 0), axis=0)
    end = np.argmax(sums - lowest, axis=0)
    start = np.take_along_axis(lowest_at, end[np.newaxis], axis=0)[0]
    return np.asarray((steps[:-1] >= start) & (steps[:-1] < end))


def lower_end(phi: Floats, of_class: Counts) -> Floats:
    """Return how low a correlation may be; what counts is four times the rarer side."""
    total = of_class.sum()
    telling = np.maximum(4 * of_class * (total - of_class) / total, 4.0)
    # Even without one miss, more images could have shown one.
    bounded = np.minimum(phi, 1 - 1 / telling)
    return np.asarray(np.tanh(np.arctanh(bounded) - Z_OF_95_PERCENT / np.sqrt(telling - 3)))


def phi_of(hits: Counts, predicted: Counts, of_class: Counts) -> Floats:
    """Return the correlation of two yes-or-no answers about the same images, by their counts."""
    total = of_class.sum()
    spread = predicted * (total - predicted) * of_class * (total - of_class)
    covered = np.asarray(hits, float) * total - np.asarray(predicted, float) * of_class
    return np.asarray(covered / np.sqrt(np.maximum(spread.astype(float), 1)))
