import numpy as np

from components.tune.judgement import at_edges, best_so_far, compare, is_flat
from components.tune.space import Axis

RATE = Axis("learning_rate", low=1e-4, high=1e-2, log=True)


def test_a_gain_on_every_image_is_more_than_luck() -> None:
    own = np.random.default_rng(1).normal(1, 0.3, 200)

    compared = compare(own, own - 0.1, trials=100)

    assert compared.holds
    assert round(compared.gain, 3) == 0.1


def test_the_best_of_many_alike_is_luck() -> None:
    rng = np.random.default_rng(2)
    own = rng.normal(1, 0.3, 100)
    trials = [own + rng.normal(0, 0.3, 100) for _ in range(100)]
    best = min(trials, key=np.mean)

    compared = compare(own, best, trials=100)

    assert compared.gain > 0
    assert not compared.holds


def test_one_validation_image_proves_nothing() -> None:
    assert not compare(np.array([1.0]), np.array([0.1]), trials=3).holds


def test_a_value_near_the_end_of_a_range_says_which_end() -> None:
    assert list(at_edges([RATE], {"learning_rate": 0.0095})) == [(RATE, "high")]
    assert list(at_edges([RATE], {"learning_rate": 1.05e-4})) == [(RATE, "low")]
    assert list(at_edges([RATE], {"learning_rate": 0.001})) == []


def test_an_end_that_the_setting_cannot_pass_is_no_edge() -> None:
    dropout = Axis("dropout", low=0.0, high=0.5)
    units = Axis("hidden_units", choices=(0, 64, 256))

    assert list(at_edges([dropout, units], {"dropout": 0.0, "hidden_units": 0})) == []
    assert list(at_edges([units], {"hidden_units": 256})) == [(units, "high")]


def test_a_search_that_gains_nothing_in_its_last_third_is_flat() -> None:
    assert is_flat([1.0, 0.5, *[0.6] * 58])
    assert not is_flat([1.0, 0.5, *[0.6] * 57, 0.4])
    assert not is_flat([0.5, 0.6, 0.6])


def test_the_best_so_far_never_rises() -> None:
    assert best_so_far([3.0, float("inf"), 1.0, 2.0]) == [3.0, 3.0, 1.0, 1.0]
