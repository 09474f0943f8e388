"""What a person sees while a run goes on."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sightline.ground.run_states import TaskStatus
from sightline.runs.listener import Listener, Progress
from sightline.runs.records import RunRecord, TaskRecord
from sightline.runs.verdict import Verdict
from sightline.views.live import closing_line, progress_text, seconds_left, state_text, view

START = datetime(2026, 11, 21, 23, 15, 2, tzinfo=UTC)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def task(name: str, status: TaskStatus, **changes: object) -> TaskRecord:
    """A task in a state."""
    given = {"name": name, "component": name, "image": "i", "log": "l", "status": status}
    return TaskRecord.model_validate({**given, **changes})


def a_run(*tasks: TaskRecord) -> RunRecord:
    """A run of tasks that took 12.3 seconds."""
    return RunRecord(
        id="20261121-231502-k3f",
        pipeline="toy",
        status="succeeded",
        launcher="process",
        parameters={},
        started=START,
        finished=START + timedelta(seconds=12.3),
        tasks={each.name: each for each in tasks},
        warnings=["Platform settings have no effect here."],
    )


def show(listener: Listener, run: RunRecord) -> None:
    """Tell a listener of a run from start to end."""
    listener.run_started(run)
    for each in run.tasks.values():
        listener.task_progressed(each, Progress("images", 5, 10))
        listener.task_changed(each)
    listener.run_finished(run)


REUSED = Verdict(hit=True, kind="reused", from_run="20261120-010101-abc")


def test_without_a_terminal_each_change_is_one_plain_line() -> None:
    stream = io.StringIO()
    run = a_run(
        task("ingest", "reused", cache=REUSED),
        task("train", "succeeded", seconds=9.87, attempts=1),
        task("export", "running"),
        task("deploy", "skipped", message="decision is 'hold', not 'deploy'"),
    )

    with view(stream) as listener:
        show(listener, run)

    assert stream.getvalue().splitlines() == [
        "run 20261121-231502-k3f of toy (process)",
        "warning: Platform settings have no effect here.",
        "ingest         reused from run 20261120-010101-abc",
        "train          done in 9.9 s",
        "export         started",
        "deploy         skipped: decision is 'hold', not 'deploy'",
        "run 20261121-231502-k3f succeeded in 12.3 s: 1 tasks ran, 1 reused",
    ]


def test_on_a_terminal_a_table_ends_with_every_task_and_the_result() -> None:
    stream = Terminal()
    run = a_run(task("ingest", "succeeded", seconds=1.0), task("train", "failed", message="no\nx"))

    with view(stream) as listener:
        show(listener, run)

    shown = stream.getvalue()
    assert "ingest" in shown
    assert "done in 1.0 s" in shown
    assert "failed: no" in shown
    assert shown.endswith("run 20261121-231502-k3f succeeded in 12.3 s: 0 tasks ran, 0 reused\n")


def test_a_long_loop_is_one_row_with_those_under_way_and_those_that_failed() -> None:
    terminal = Terminal()
    states: list[TaskStatus] = [*["succeeded"] * 5, *["reused"] * 3, "running", "failed", "waiting"]
    rounds = [task(f"predict.{number}", state) for number, state in enumerate(states)]

    with view(terminal) as listener:
        listener.run_started(a_run(task("shard", "succeeded"), *rounds))

    told = terminal.getvalue()
    assert "8 of 11 done, 3 reused" in told
    assert "predict.8" in told
    assert "predict.9" in told
    assert "predict.0" not in told


def test_a_terminal_can_be_asked_for_plain_lines() -> None:
    stream = Terminal()

    with view(stream, plain=True) as listener:
        show(listener, a_run(task("train", "waiting")))

    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress("images", 0, 1000), f"{'╌' * 24} images 0/1,000"),
        (Progress("images", 500, 1000), f"{'━' * 12}{'╌' * 12} images 500/1,000"),
        (Progress("images", 2000, 1000), f"{'━' * 24} images 2,000/1,000"),
        (Progress("images", 1234, None), "images 1,234"),
    ],
)
def test_progress_is_a_bar_where_the_end_is_known(progress: Progress, text: str) -> None:
    assert progress_text(progress) == text


def test_a_bar_says_about_how_long_a_loop_goes_on() -> None:
    halfway = Progress("train steps", 500, 1000)

    assert seconds_left(halfway, 250, 60) == 120
    assert seconds_left(halfway, 0, 60) is None
    assert seconds_left(Progress("images", 5, None), 5, 60) is None
    assert progress_text(halfway, 0.5).endswith("train steps 500/1,000, about 1 s left")
    assert progress_text(halfway, 61).endswith(", about 2 min left")
    assert progress_text(halfway, 3700).endswith(", about 1 h 2 min left")


def test_a_running_task_shows_its_time_and_its_attempt() -> None:
    started = datetime.now(UTC) - timedelta(seconds=5.2)

    text = state_text(task("train", "running", started=started, attempts=2))

    assert text == "running 5 s, attempt 2"


def test_the_closing_line_counts_what_ran(tmp_path: Path) -> None:
    run = a_run(task("a", "succeeded", attempts=1), task("b", "failed", attempts=3))

    assert closing_line(run).endswith("2 tasks ran, 0 reused")
