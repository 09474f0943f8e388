"""Whether two samples are of one kind: two-sample tests whose false alarms were measured."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shift:
    """How far two samples lie apart, and how often chance alone would part them as far."""

    distance: float
    """0 to 1: the largest gap of their cumulative shares, or half the sum of gaps of shares."""
    p: float


NO_SHIFT = Shift(0.0, 1.0)


def shares_shift(before: Mapping[str, int], after: Mapping[str, int]) -> Shift:
    """Compare counts of kinds, such as images per class: chi-squared test of homogeneity."""
    # What is the same has moved nowhere: SciPy's tests take longer to import than a rerun.
    if before == after:
        return NO_SHIFT
    from scipy.stats import chi2_contingency

    names = [name for name in {**before, **after} if before.get(name) or after.get(name)]
    counts = [[side.get(name, 0) for name in names] for side in (before, after)]
    totals = [sum(side) for side in counts]
    if len(names) < 2 or not all(totals):
        return NO_SHIFT
    shares = [[count / total for count in side] for side, total in zip(counts, totals, strict=True)]
    gaps = [abs(one - other) for one, other in zip(*shares, strict=True)]
    return Shift(sum(gaps) / 2, float(chi2_contingency(counts).pvalue))


def values_shift(before: Sequence[float], after: Sequence[float]) -> Shift:
    """Compare measurements, such as brightness: Kolmogorov-Smirnov test of two samples."""
    if not len(before) or not len(after):
        return NO_SHIFT
    if len(before) == len(after) and sorted(before) == sorted(after):
        return NO_SHIFT
    from scipy.stats import ks_2samp

    found = ks_2samp(before, after, method="asymp")
    return Shift(float(found.statistic), float(found.pvalue))


def quantiles_shift(
    before: Sequence[float], num_before: int, after: Sequence[float], num_after: int
) -> Shift:
    """Compare measurements of which only quantiles may be left, of so many images.

    The distance is within half of the quantiles' step, on each side, of that of all values.
    """
    if not (before and num_before and after and num_after):
        return NO_SHIFT
    new, old = sorted(after), sorted(before)
    distance = max(abs(_share_up_to(x, new) - _share_up_to(x, old)) for x in {*new, *old})
    if not distance:
        return NO_SHIFT
    from scipy.stats import kstwobign

    together = num_before * num_after / (num_before + num_after)
    return Shift(distance, float(kstwobign.sf(distance * math.sqrt(together))))


def _share_up_to(value: float, ordered: Sequence[float]) -> float:
    return bisect_right(ordered, value) / len(ordered)
