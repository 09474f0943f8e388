"""Which earlier runs notify looks at, and in which order."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.notify.findings import MOST_RUNS, RECENT_RUNS, earlier_runs, family, time_in
from components.notify.store import File, Files, Store


class Listed:
    """As much of a store as choosing runs takes: their names, and when each was written."""

    def __init__(self, run: str, others: dict[str, float]) -> None:
        self.place = SimpleNamespace(run=run)
        self._others = others

    def runs(self) -> list[str]:
        return sorted(self._others)

    def files(self, run: str) -> Files:
        written = self._others[run]
        if not written:
            return {}
        # An older file of the same run changes nothing.
        return {
            ("train", "model"): File(f"{run}/model", written),
            ("ingest", "dataset"): File(f"{run}/dataset", 1.0),
        }


def looked_at(run: str, others: dict[str, float]) -> tuple[list[str], list[str]]:
    """The names of the earlier runs, and the notes."""
    notes: list[str] = []
    store = cast(Store, cast(Any, Listed(run, others)))
    return [name for name, _ in earlier_runs(store, notes)], notes


def test_the_twenty_newest_runs_are_looked_at_by_the_times_in_their_names() -> None:
    others = {f"20261101-{hour:02d}0000-x{99 - hour}": 0.0 for hour in range(RECENT_RUNS + 2)}

    names, notes = looked_at("20261102-000000-new", others)

    assert names == sorted(others, reverse=True)[:RECENT_RUNS]
    assert notes == []


def test_a_time_with_and_without_dash_is_the_same_time() -> None:
    others = {"a-20261101-080000": 0.0, "a-20261101070000": 0.0, "a-20261101-090000": 0.0}

    names, _ = looked_at("a-20261102000000", others)

    assert names == ["a-20261101-090000", "a-20261101-080000", "a-20261101070000"]


def test_runs_of_another_pipeline_and_without_a_time_are_passed_over() -> None:
    others = {"a-20261101000000": 0.0, "b-20261101000000": 0.0, "a": 0.0}

    assert looked_at("a-20261102000000", others)[0] == ["a-20261101000000"]


def test_runs_without_times_in_their_names_are_ordered_by_their_newest_file() -> None:
    others = {"one": 20.0, "two": 30.0, "empty": 0.0, "three": 10.0}

    names, notes = looked_at("now", others)

    assert names == ["two", "one", "three", "empty"]
    assert notes == []


@pytest.mark.parametrize("num_more", [0, 1])
def test_no_more_runs_without_times_are_looked_at_than_can_be_and_this_is_said(
    num_more: int,
) -> None:
    others = {f"run {number:04d}": 2.0 for number in range(MOST_RUNS + num_more)}

    names, notes = looked_at("now", others)

    assert len(names) == MOST_RUNS
    said = f"Of {MOST_RUNS + 1} earlier runs, {MOST_RUNS} were looked at."
    assert notes == [said] * num_more


@pytest.mark.parametrize(
    ("run", "name", "time"),
    [
        ("flowers-training-20261120080000", "flowers-training-", "20261120080000"),
        ("20261120-080000-abc", "", "20261120080000"),
        ("aaaaaaaa-1111-4111", "", ""),
    ],
)
def test_the_name_of_a_run_tells_its_pipeline_and_time(run: str, name: str, time: str) -> None:
    assert (family(run), time_in(run)) == (name, time)
