"""dsl.ParallelFor on this machine: rounds, what they give together, resume, cache."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from kfp import dsl

from sightline.ground.errors import UserError
from sightline.runs.records import RunRecord, TaskRecord
from sightline.targets.local.runner.execution import RunOptions
from sightline.targets.local.runner.runner import resume
from sightline.targets.local.store import find_run
from tests.sightline.targets.local.toys import (
    EXECUTOR_INPUT,
    read_json,
    run_toy,
    say,
    script,
    shell,
    states,
    write,
)


@dsl.container_component
def listed(items: dsl.OutputPath(list[str]), text: str):
    return shell('printf %s "$2" > "$1"', items, text)


@dsl.container_component
def gather(data: dsl.Input[list[dsl.Dataset]], answers: list[str], told: dsl.Output[dsl.Artifact]):
    return shell('printf %s "$1" > "$2"', EXECUTOR_INPUT, told.path)


@dsl.pipeline(name="fan")
def fan(names: str = '["a", "b", "c"]', wanted: str = "deploy"):
    found = listed(text=names)
    with dsl.ParallelFor(found.outputs["items"]) as item:
        written = write(text=item, answer=f"{item} {wanted}")
        with dsl.If(written.outputs["decision"] == "a deploy", name="deploy"):
            say(text=item)
    gather(
        data=dsl.Collected(written.outputs["data"]),
        answers=dsl.Collected(written.outputs["decision"]),
    )


def gathered(record: RunRecord) -> Any:
    """What the task after the loop was given."""
    return read_json(record.artifact_path("gather", "told"))["inputs"]


def test_each_round_is_a_task_and_what_they_give_is_a_list_in_their_order(tmp_path: Path) -> None:
    record = run_toy(fan, tmp_path)

    assert states(record) == {
        "listed": "succeeded",
        **{f"write.{number}": "succeeded" for number in range(3)},
        **{"say.0": "succeeded", "say.1": "skipped", "say.2": "skipped"},
        "gather": "succeeded",
    }
    given = gathered(record)
    assert given["parameterValues"]["answers"] == ["a deploy", "b deploy", "c deploy"]
    places = [Path(one["uri"]) for one in given["artifacts"]["data"]["artifacts"]]
    assert [(place / "text").read_text() for place in places] == ["a", "b", "c"]
    assert record.tasks["say.1"].message == "write-decision is 'b deploy', not 'a deploy'"
    assert (record.folder / record.tasks["say.0"].log).read_text() == "a\n"


def test_a_list_that_the_package_holds_needs_no_task(tmp_path: Path) -> None:
    @dsl.pipeline(name="static")
    def static() -> None:
        with dsl.ParallelFor(["x", "y"]) as item:
            say(text=f"<{item}>")

    record = run_toy(static, tmp_path)

    assert states(record) == {"say.0": "succeeded", "say.1": "succeeded"}
    logs = [(record.folder / task.log).read_text() for task in record.tasks.values()]
    assert logs == ["<x>\n", "<y>\n"]


def test_a_list_can_be_a_parameter_of_the_pipeline(tmp_path: Path) -> None:
    @dsl.pipeline(name="given")
    def given(items: list[str] = ["x"]) -> None:  # noqa: B006 - as pipelines declare it
        with dsl.ParallelFor(items) as item:
            say(text=item)

    record = run_toy(given, tmp_path, items=["p", "q", "r"])

    assert list(record.tasks) == ["say.0", "say.1", "say.2"]


def test_an_empty_list_skips_the_loop_and_gives_an_empty_list(tmp_path: Path) -> None:
    record = run_toy(fan, tmp_path, names="[]")

    assert states(record) == {
        **{"listed": "succeeded", "write": "skipped", "say": "skipped"},
        "gather": "succeeded",
    }
    assert record.tasks["write"].message == "its loop has no items"
    assert gathered(record)["parameterValues"]["answers"] == []
    assert gathered(record)["artifacts"]["data"]["artifacts"] == []


def test_what_is_no_list_is_said(tmp_path: Path) -> None:
    record = run_toy(fan, tmp_path, names='{"a": 1}')

    assert record.status == "failed"
    assert "which is declared as LIST" in str(record.failure)


def test_rounds_are_reused_one_by_one(tmp_path: Path) -> None:
    run_toy(fan, tmp_path)

    record = run_toy(fan, tmp_path, names='["b", "d", "a"]')

    assert states(record) == {
        **{"listed": "succeeded", "write.0": "reused", "write.1": "succeeded"},
        **{"write.2": "reused", "say.0": "skipped", "say.1": "skipped", "say.2": "reused"},
        "gather": "succeeded",
    }


def test_a_task_of_a_loop_is_run_again_in_all_rounds_where_asked(tmp_path: Path) -> None:
    run_toy(fan, tmp_path)

    record = run_toy(fan, tmp_path, options={"from_task": "write"})

    assert states(record)["listed"] == "reused"
    assert [states(record)[f"write.{number}"] for number in range(3)] == ["succeeded"] * 3
    assert states(record)["gather"] == "succeeded"


def test_a_task_of_a_loop_is_left_out_in_all_rounds(tmp_path: Path) -> None:
    record = run_toy(fan, tmp_path, options={"without": frozenset(["say"])})

    assert [states(record)[f"say.{number}"] for number in range(3)] == ["skipped"] * 3
    assert record.status == "succeeded"


def test_a_failed_round_fails_the_run_and_resume_runs_only_what_is_missing(tmp_path: Path) -> None:
    @dsl.pipeline(name="flaky")
    def flaky() -> None:
        found = listed(text='["one", "two"]')
        with dsl.ParallelFor(found.outputs["items"]) as item:
            script(text=f"[ {item} = one ] || [ -e {tmp_path}/go ]")

    failed = run_toy(flaky, tmp_path)
    (tmp_path / "go").touch()
    record = resume("latest", options=RunOptions(root=tmp_path / "root"))

    assert failed.status == "failed"
    assert failed.tasks["script.1"].status == "failed"
    assert states(record) == {
        **{"listed": "succeeded", "script.0": "succeeded", "script.1": "succeeded"},
    }
    assert record.tasks["script.0"].finished == failed.tasks["script.0"].finished
    assert find_run(tmp_path / "root").status == "succeeded"


class Crowd:
    """A listener that counts how many rounds are under way."""

    def __init__(self) -> None:
        self.most, self._running, self._lock = 0, set[str](), threading.Lock()

    def run_started(self, run: RunRecord) -> None:
        pass

    def task_progressed(self, task: TaskRecord, progress: object) -> None:
        pass

    def run_finished(self, run: RunRecord) -> None:
        pass

    def task_changed(self, task: TaskRecord) -> None:
        number = task.name.rpartition(".")[2]
        with self._lock:
            if task.status == "running":
                self._running.add(number)
            elif task.name.startswith("copy"):
                self._running.discard(number)
            self.most = max(self.most, len(self._running))


@pytest.mark.parametrize("bound", [1, 2])
def test_a_bounded_loop_begins_a_round_when_another_has_ended(tmp_path: Path, bound: int) -> None:
    from tests.sightline.targets.local.toys import copy

    @dsl.pipeline(name="bounded")
    def bounded() -> None:
        with dsl.ParallelFor(["1", "2", "3", "4"], parallelism=bound) as item:
            copy(data=write(text=item, answer="").outputs["data"])

    crowd = Crowd()
    record = run_toy(bounded, tmp_path, listener=crowd, options={"max_parallel": 4})

    assert record.status == "succeeded"
    assert crowd.most == bound


def test_items_keep_their_types(tmp_path: Path) -> None:
    @dsl.pipeline(name="typed")
    def typed() -> None:
        with dsl.ParallelFor([1, 2]) as item:
            say(text=f"{item}")

    record = run_toy(typed, tmp_path)

    assert [json.loads((record.folder / one.log).read_text()) for one in record.tasks.values()] == [
        1,
        2,
    ]


def test_a_loop_over_what_is_no_list_is_refused(tmp_path: Path) -> None:
    @dsl.pipeline(name="given")
    def given(items: list[str]) -> None:
        with dsl.ParallelFor(items) as item:
            say(text=item)

    with pytest.raises(UserError, match="items"):
        run_toy(given, tmp_path, items="x")
