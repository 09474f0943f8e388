"""Paired tests of two models: equal to SciPy's, and what they make of few disagreements."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap, ttest_rel

from sightline.problems._gate.f1_pair import f1_pair
from sightline.problems._gate.paired import (
    ends_of_mean,
    holm,
    mcnemar,
    paired,
    worse_by_chance,
)
from tests.sightline.problems._gate.drawn import RULES

COUNTS = st.integers(min_value=0, max_value=60)


@given(only_first=COUNTS, only_second=COUNTS)
@settings(max_examples=100, deadline=None)
def test_mcnemars_test_is_the_exact_binomial_one(only_first: int, only_second: int) -> None:
    number = only_first + only_second
    expected = binomtest(only_first, number).pvalue if number else 1.0

    assert mcnemar(only_first, only_second) == pytest.approx(expected, abs=1e-12)


def test_mcnemars_test_of_many_pairs_is_that_of_each() -> None:
    first, second = np.array([0, 5, 20, 7]), np.array([0, 0, 9, 8])

    assert mcnemar(first, second).tolist() == [
        float(mcnemar(int(a), int(b))) for a, b in zip(first, second, strict=True)
    ]


@given(only_first=COUNTS, only_second=COUNTS)
@settings(max_examples=50, deadline=None)
def test_a_part_is_judged_by_the_one_sided_binomial_test(only_first: int, only_second: int) -> None:
    gains = np.array([1.0] * only_first + [-1.0] * only_second + [0.0] * 3)
    number = only_first + only_second
    expected = binomtest(only_second, number, alternative="greater").pvalue if number else 1.0

    found = worse_by_chance(gains, np.ones(len(gains), bool), counted=True)

    assert found == pytest.approx(expected, abs=1e-12)


@given(seed=st.integers(0, 1_000), number=st.integers(3, 40))
@settings(max_examples=50, deadline=None)
def test_numbers_on_a_part_are_judged_by_the_paired_t_test(seed: int, number: int) -> None:
    random = np.random.default_rng(seed)
    first, second = random.exponential(size=(2, number + 5))
    held = np.arange(number + 5) < number

    found = worse_by_chance(second - first, held, counted=False)

    # The first is worse where its errors are the larger ones.
    expected = ttest_rel(first[:number], second[:number], alternative="greater").pvalue
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("gain", "p_value"), [(0.0, 1.0), (0.5, 1.0), (-0.5, 0.5**12)])
def test_a_part_without_spread_is_judged_by_its_sign(gain: float, p_value: float) -> None:
    gains = np.full(12, gain)

    assert worse_by_chance(gains, np.ones(12, bool), counted=False) == p_value


def test_a_part_of_one_image_is_as_likely_worse_as_better() -> None:
    assert worse_by_chance(np.array([-5.0]), np.ones(1, bool), counted=False) == 0.5


def test_the_bootstrap_of_a_mean_is_scipys() -> None:
    gains = np.random.default_rng(4).normal(0.1, 1, 200)

    low, high = ends_of_mean(gains, chance=0.05, samples=4_000, seed=7)

    peer = bootstrap(
        (gains,), np.mean, n_resamples=4_000, confidence_level=0.9, method="percentile", rng=1
    ).confidence_interval
    assert (low, high) == pytest.approx((peer.low, peer.high), abs=0.01)


def test_many_pairs_have_the_intervals_of_each() -> None:
    gains = np.random.default_rng(4).normal(size=(50, 3))

    low, high = ends_of_mean(gains, chance=0.05, samples=200, seed=7)

    for at in range(3):
        alone = ends_of_mean(gains[:, at], chance=0.05, samples=200, seed=7)
        assert (low[at], high[at]) == pytest.approx(alone, abs=1e-9)


def test_p_values_are_corrected_for_how_many_there_are() -> None:
    # Holm's own example: 0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02.
    found = holm(np.array([0.01, 0.04, 0.03, 0.005]))

    assert found == pytest.approx([0.03, 0.06, 0.06, 0.02])
    many = holm(np.array([[0.01, 0.5], [0.04, 0.9], [0.03, 0.01], [0.005, 0.2]]))
    assert many[:, 0] == pytest.approx(found)


def test_what_images_add_to_macro_f1_sums_up_to_the_difference() -> None:
    random = np.random.default_rng(3)
    truth, first, second = random.random((3, 60, 4)) < 0.4

    found = f1_pair("macro F1", truth, first, second, RULES)

    assert found.gains.values.mean() == pytest.approx(found.candidate - found.champion)
    low, high = ends_of_mean(found.gains.values, chance=1 / 30, samples=1_000, seed=7)
    assert found.ends == pytest.approx((low, high), abs=0.03)


def test_models_are_compared_on_the_images_where_they_disagree() -> None:
    first = np.array([True] * 90 + [True] * 10 + [False] * 20)
    second = np.array([True] * 90 + [False] * 30)

    found = paired(first, second, level=0.95, samples=1000, seed=7)

    assert (found.only_first, found.only_second) == (10, 0)
    assert found.p_value == pytest.approx(2 / 2**10)
    assert found.difference.value == pytest.approx(10 / 120)
    assert found.verdict == "better"
    assert paired(second, first, level=0.95, samples=1000, seed=7).verdict == "worse"


def test_few_disagreements_cannot_tell_which_model_is_better() -> None:
    first = np.array([True] * 95 + [True] * 3 + [False] * 2)
    second = np.array([True] * 95 + [False] * 3 + [True] * 2)

    found = paired(first, second, level=0.95, samples=1000, seed=7)

    assert found.verdict == "cannot tell"
    assert paired(first, first, level=0.95, samples=100, seed=7).p_value == 1


def test_five_to_nothing_is_no_verdict_although_the_interval_excludes_zero() -> None:
    first = np.array([True] * 95 + [True] * 5)
    second = np.array([True] * 95 + [False] * 5)

    better = paired(first, second, level=0.95, samples=1000, seed=7)
    worse = paired(second, first, level=0.95, samples=1000, seed=7)

    assert better.p_value == worse.p_value == 2 / 2**5
    assert better.difference.low is not None and better.difference.low > 0
    assert worse.difference.high is not None and worse.difference.high < 0
    assert better.verdict == worse.verdict == "cannot tell"
