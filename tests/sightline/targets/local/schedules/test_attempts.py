from pathlib import Path

import pytest

from sightline.targets.local.schedules.attempts import Attempts
from sightline.targets.local.schedules.store import Store
from tests.sightline.targets.local.schedules.scheduling import locked


def test_a_problem_is_said_once_and_its_end_once(tmp_path: Path) -> None:
    said: list[str] = []
    store, attempts = Store(tmp_path, wait_seconds=0.05), Attempts(said.append)

    def look() -> None:
        store.schedules()

    attempts.once(look)
    with locked(tmp_path):
        attempts.once(look)
        attempts.once(look)
    during = list(said)
    attempts.once(look)
    attempts.once(look)

    (problem,) = during
    assert "keeps it locked" in problem
    assert problem.endswith(". The scheduler goes on trying.")
    assert said == [problem, "The schedules work again."]


def test_all_works_again_only_when_nothing_fails_any_more(tmp_path: Path) -> None:
    said: list[str] = []
    missing, there = tmp_path / "missing", tmp_path / "there"
    there.write_text("found", encoding="utf-8")
    attempts, results = Attempts(said.append), iter([missing, missing, there])

    def look() -> None:
        next(looks).read_text(encoding="utf-8")

    def write() -> str:
        attempts.once(look)  # as the loop of a scheduler does, in another thread
        return next(results).read_text(encoding="utf-8")

    looks = iter([missing, missing, there, there])
    attempts.once(look)
    found = attempts.until_done(write)

    assert found == "found"
    assert [line.endswith("The scheduler goes on trying.") for line in said] == [True, False]
    assert said[1] == "The schedules work again."


def test_a_scheduler_that_is_stopped_retries_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    attempts = Attempts(said.append)
    attempts.stop()

    with pytest.raises(FileNotFoundError):
        attempts.until_done((tmp_path / "missing").read_bytes)

    assert said == []
