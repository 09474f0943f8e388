"""The short version of `benchmarks/damage.py`: a real project, a few bits, one kill."""

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package

import damage

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_flipped_bits_are_noticed_and_a_killed_run_ends_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    project = damage.make_project(tmp_path / "project")
    for _ in range(2):
        damage.expect(damage.sightline(project, "run"))

    flips = damage.try_flips(project, 4, random.Random(3))
    kills = damage.try_kills(project, 1, 10.0, random.Random(3))

    assert flips == damage.Flips(tried=4)
    assert kills == damage.Kills(tried=1)
