"""Load, switches, killed workers and damaged versions at the same time."""

from pathlib import Path

import pytest

from tests.sightline.serving.churn import Pace, churn


@pytest.mark.slow
def test_no_answer_is_lost_or_wrong_while_versions_switch_and_workers_die(tmp_path: Path) -> None:
    happened = churn(tmp_path, Pace(lasts=18, switch=3, kill=3, damage=3))

    assert happened.num_lost == happened.num_wrong == 0
    assert len(happened.versions) > 2
    assert happened.num_killed > 2
    assert happened.num_damaged > 2
