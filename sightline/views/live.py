"""Shows a run while it goes on: a table on a terminal, a line per change anywhere else."""

import math
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from sightline.ground.run_states import TaskStatus
from sightline.runs.listener import Listener, Progress
from sightline.runs.outcome import warnings_in
from sightline.runs.records import RunRecord, TaskRecord

if TYPE_CHECKING:
    from rich.table import Table

STYLES: dict[TaskStatus, tuple[str, str]] = {
    "waiting": ("·", "dim"),
    "running": ("▸", "bold cyan"),
    "succeeded": ("✓", "green"),
    "reused": ("✓", "blue"),
    "skipped": ("-", "dim"),
    "failed": ("✗", "bold red"),
    "not run": ("-", "dim"),
    "cancelled": ("✗", "yellow"),
}
BAR_WIDTH = 24
MOST_ROUNDS = 8
"""Rounds of a loop that have a row each; of more, those under way and those that failed have."""
TOLD_ALONE: frozenset[TaskStatus] = frozenset(("running", "failed", "cancelled"))


@contextmanager
def view(stream: TextIO | None = None, *, plain: bool | None = None) -> Iterator[Listener]:
    """Yield a listener that shows a run on `stream` (standard output when none is given).

    Args:
        stream: where to write.
        plain: lines only; None decides by whether the stream is a terminal. A debugger needs
            them, because a table that redraws itself would take its prompt away.
    """
    stream = stream or sys.stdout
    if plain or (plain is None and not stream.isatty()):
        yield PlainView(stream)
        return
    from rich.console import Console
    from rich.live import Live

    table = TableView()
    with Live(console=Console(file=stream), get_renderable=table.render, refresh_per_second=8):
        yield table
    stream.write(f"{closing_line(table.run)}\n" if table.run else "")


class PlainView:
    """Writes one line per change."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def run_started(self, run: RunRecord) -> None:
        """Say which run this is, and what has no effect here."""
        self._say(f"run {run.name or run.id} of {run.pipeline} ({run.launcher})")
        for warning in run.warnings:
            self._say(f"warning: {warning}")

    def task_changed(self, task: TaskRecord) -> None:
        """Say what the task does now."""
        again = f", attempt {task.attempts}" if task.attempts > 1 else ""
        state = f"started{again}" if task.status == "running" else state_text(task)
        self._say(f"{task.name:<14} {state}")

    def task_progressed(self, task: TaskRecord, progress: Progress) -> None:
        """Say nothing: progress is for people who watch."""

    def run_finished(self, run: RunRecord) -> None:
        """Say how the run ended."""
        self._say(closing_line(run))

    def _say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class TableView:
    """Keeps what a table of tasks shows; rich asks for the table several times a second."""

    def __init__(self) -> None:
        self.run: RunRecord | None = None
        self._progress: dict[str, Progress] = {}
        self._began: dict[str, tuple[Progress, float]] = {}
        """By task: what its present loop said first, and when."""

    def run_started(self, run: RunRecord) -> None:
        """Remember the run."""
        self.run = run

    def task_changed(self, task: TaskRecord) -> None:
        """Forget progress that no longer counts."""
        self._progress.pop(task.name, None)
        self._began.pop(task.name, None)

    def task_progressed(self, task: TaskRecord, progress: Progress) -> None:
        """Remember how far the task is."""
        self._progress[task.name] = progress
        began = self._began.get(task.name)
        if began is None or began[0].what != progress.what or began[0].done > progress.done:
            self._began[task.name] = progress, time.monotonic()

    def run_finished(self, run: RunRecord) -> None:
        """Forget what was under way."""
        self._progress.clear()

    def render(self) -> "Table":
        """Draw a row per task."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        tasks = self.run.tasks if self.run else {}
        folded = folded_loops(tasks)
        for task in tasks.values():
            loop = loop_of(task.name)
            if loop in folded:
                if folded[loop][0] is task:
                    table.add_row(Text("·", "dim"), Text(loop), Text(loop_text(folded[loop])))
                if task.status not in TOLD_ALONE:
                    continue
            symbol, style = STYLES[task.status]
            progress = self._progress.get(task.name)
            left = self._seconds_left(task.name)
            table.add_row(
                Text(symbol, style),
                Text(task.name, style),
                Text(state_text(task)),
                Text(progress_text(progress, left)) if progress else Text(),
            )
        return table

    def _seconds_left(self, task: str) -> float | None:
        """Estimate how long the present loop of a task goes on; None where nothing tells."""
        if task not in self._began:
            return None
        first, since = self._began[task]
        now = self._progress[task]
        return seconds_left(now, now.done - first.done, time.monotonic() - since)


def loop_of(task: str) -> str:
    """Return the task of which one is a round, such as `predict` for `predict.3`, or nothing."""
    name, _, number = task.rpartition(".")
    return name if number.isdecimal() else ""


def folded_loops(tasks: Mapping[str, TaskRecord]) -> dict[str, list[TaskRecord]]:
    """Return the rounds of the tasks that have too many for a row each."""
    rounds: dict[str, list[TaskRecord]] = {}
    for task in tasks.values():
        if loop := loop_of(task.name):
            rounds.setdefault(loop, []).append(task)
    return {loop: found for loop, found in rounds.items() if len(found) > MOST_ROUNDS}


def loop_text(rounds: Sequence[TaskRecord]) -> str:
    """Say in a few words how far a loop is."""
    counts = Counter(task.status for task in rounds)
    ended = sum(counts[status] for status in ("succeeded", "reused", "skipped"))
    reused = f", {counts['reused']:,} reused" if counts["reused"] else ""
    return f"{ended:,} of {len(rounds):,} done{reused}"


def state_text(task: TaskRecord) -> str:
    """Say in a few words what a task does or how it ended."""
    if task.status == "running":
        again = f", attempt {task.attempts}" if task.attempts > 1 else ""
        return f"running {_elapsed(task):.0f} s{again}"
    if task.status == "reused" and task.cache:
        return f"reused from run {task.cache.from_run}{_warned(task)}"
    if task.status == "succeeded":
        return f"done in {task.seconds or 0:.1f} s{_warned(task)}"
    first_line = (task.message or "").split("\n")[0]
    return f"{task.status}: {first_line}" if first_line else task.status


def _warned(task: TaskRecord) -> str:
    number = len(warnings_in(task))
    return f", {number} warning{'' if number == 1 else 's'}" if number else ""


def seconds_left(progress: Progress, done: int, seconds: float) -> float | None:
    """Estimate the time to the end of a loop from what was done in the last seconds."""
    if not progress.total or done <= 0:
        return None
    return seconds / done * max(progress.total - progress.done, 0)


def progress_text(progress: Progress, seconds_left: float | None = None) -> str:
    """Draw a bar where the end is known, a count where it is not."""
    if not progress.total:
        return f"{progress.what} {progress.done:,}"
    filled = round(BAR_WIDTH * min(progress.done / progress.total, 1.0))
    bar = "━" * filled + "╌" * (BAR_WIDTH - filled)
    left = "" if seconds_left is None else f", about {_duration(seconds_left)} left"
    return f"{bar} {progress.what} {progress.done:,}/{progress.total:,}{left}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{max(math.ceil(seconds), 1)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def closing_line(run: RunRecord) -> str:
    """Say how a run ended, in one line."""
    seconds = ((run.finished or datetime.now(UTC)) - run.started).total_seconds()
    reused = sum(task.status == "reused" for task in run.tasks.values())
    ran = sum(task.attempts > 0 for task in run.tasks.values())
    named = run.name or run.id
    return f"run {named} {run.status} in {seconds:.1f} s: {ran} tasks ran, {reused} reused"


def _elapsed(task: TaskRecord) -> float:
    return (datetime.now(UTC) - task.started).total_seconds() if task.started else 0.0
