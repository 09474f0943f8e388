"""The short version of `benchmarks/damage.py`: a real project, a few bits, one kill."""

import random

import pytest

from tests.digits_run import DigitsRun, damage

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_flipped_bits_are_noticed_and_a_killed_run_ends_as_if_it_had_not_been(
    digits: DigitsRun,
) -> None:
    damage.expect(damage.sightline(digits.project, "run"))

    flips = damage.try_flips(digits.project, 4, random.Random(3))
    kills = damage.try_kills(digits.project, 1, 10.0, random.Random(3))

    assert flips == damage.Flips(tried=4)
    assert kills == damage.Kills(tried=1)
