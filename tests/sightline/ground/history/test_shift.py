import math

import pytest
from scipy.stats import chi2_contingency, ks_2samp, kstwobign

from sightline.ground.history.shift import NO_SHIFT, quantiles_shift, shares_shift, values_shift

VALUES = [0.1, 0.4, 0.4, 0.9]


def test_what_is_the_same_has_moved_nowhere() -> None:
    counts = {"cat": 3, "dog": 4}

    assert shares_shift(counts, dict(counts)) == NO_SHIFT
    assert values_shift(VALUES, VALUES[::-1]) == NO_SHIFT
    assert quantiles_shift(VALUES, 100, VALUES, 50) == NO_SHIFT


def test_what_moved_is_judged_by_the_tests_of_scipy() -> None:
    counts = [[30, 10], [20, 20]]
    moved = [0.2, 0.5, 0.9, 0.9]

    of_shares = shares_shift({"cat": 30, "dog": 10}, {"cat": 20, "dog": 20})
    of_values = values_shift(VALUES, moved)
    of_quantiles = quantiles_shift([1.0, 2.0], 100, [2.0, 3.0], 100)

    assert of_shares.distance == pytest.approx(0.25)
    assert of_shares.p == chi2_contingency(counts).pvalue
    assert of_values.p == ks_2samp(VALUES, moved, method="asymp").pvalue
    assert of_quantiles.p == kstwobign.sf(0.5 * math.sqrt(50))
