"""Schedules of the learning rate: how it rises and how it falls."""

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Peak 1; ten steps of warm-up, then ninety more: rates after 0, 5, 10, 39, 41, 99.
        ("constant", [0.1, 0.55, 1, 1, 1, 1]),
        ("plateau", [0.1, 0.55, 1, 1, 1, 1]),
        ("step", [0.1, 0.55, 1, 1, 0.1, 0.01]),
        ("exponential", [0.1, 0.55, 1, 0.2268, 0.2047, 0.0105]),
        ("cosine", [0.1, 0.55, 1, 0.7648, 0.7348, 0.0003]),
    ],
)
def test_a_schedule_warms_up_and_falls_by_its_rule(name: str, expected: list[float]) -> None:
    from components.train.fitting.schedules import make_schedule

    schedule = make_schedule(name, 1.0, warm_up=10, steps=100)  # type: ignore[arg-type]

    rates = [float(schedule(step)) for step in (0, 5, 10, 39, 41, 99)]
    assert rates == pytest.approx(expected, abs=1e-3)


def test_without_warm_up_the_first_step_has_the_peak() -> None:
    from components.train.fitting.schedules import make_schedule

    for name in ("constant", "step", "exponential", "cosine"):
        assert float(make_schedule(name, 0.5, warm_up=0, steps=9)(0)) == pytest.approx(0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("losses", "factor"),
    [
        ([], 1),
        ([3, 2, 1], 1),
        ([3, 4], 1),
        ([3, 4, 3], 0.5),  # an equal loss is no better
        ([3, 4, 4, 4, 4], 0.25),
        ([3, 4, 2, 3, 1], 1),
    ],
)
def test_a_plateau_halves_the_rate_after_two_epochs_without_a_better_loss(
    losses: list[float], factor: float
) -> None:
    from components.train.fitting.schedules import plateau_factor

    assert plateau_factor(losses, 2) == factor
