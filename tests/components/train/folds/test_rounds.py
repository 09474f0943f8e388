"""Rounds that are killed go on where they were; their answers come together in the right order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.fitting.checkpoints import Checkpoints
from components.train.folds.chosen import Told
from components.train.folds.deal import Round
from components.train.folds.rounds import Judged, in_order, run_rounds

FOLDS = np.arange(10) % 3
NO_ROWS = np.zeros(0, np.int64)


class Killed(Exception):
    """What ends an attempt."""


def rounds() -> list[Round]:
    return [
        Round(1, fold + 1, 7, {"train": NO_ROWS, "judged": np.flatnonzero(fold == FOLDS)})
        for fold in range(3)
    ]


def trained(one: Round) -> Judged:
    rows = one.rows["judged"].astype(float)
    told = Told("head", {"head": 0}, "linear", 0.1, 6)
    return Judged(one, told, rows[:, None] / 3, rows[:, None])


def test_a_killed_attempt_computes_no_round_again_that_was_finished(tmp_path: Path) -> None:
    asked: list[str] = []

    def train(one: Round, checkpoints: Any) -> Judged:
        asked.append(one.name)
        assert checkpoints.folder == tmp_path / "checkpoints" / one.name
        if len(asked) == 3:
            raise Killed
        return trained(one)

    with pytest.raises(Killed):
        run_rounds(rounds(), Checkpoints(tmp_path / "checkpoints", "key"), train)
    found = run_rounds(rounds(), Checkpoints(tmp_path / "checkpoints", "key"), train)

    assert asked == ["round-1-1", "round-1-2", "round-1-3", "round-1-3"]
    expected = [trained(one) for one in rounds()]
    assert [one.told for one in found] == [one.told for one in expected]
    assert all((one.answers == two.answers).all() for one, two in zip(found, expected, strict=True))


def test_other_settings_begin_anew(tmp_path: Path) -> None:
    asked: list[str] = []

    def train(one: Round, _: Any) -> Judged:
        asked.append(one.name)
        return trained(one)

    for key in ("one", "another"):
        run_rounds(rounds(), Checkpoints(tmp_path / "checkpoints", key), train)

    assert len(asked) == 6


def test_answers_come_together_in_the_order_of_the_images() -> None:
    rows, answers, goals = in_order([trained(one) for one in reversed(rounds())])

    assert rows.tolist() == list(range(10))
    assert goals[:, 0].tolist() == rows.tolist()
    assert answers[:, 0] == pytest.approx(rows / 3)
