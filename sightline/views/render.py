"""Runs, tasks and checks as tables: readable in 80 columns, plain text when piped."""

import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from sightline.ground.errors import UserError, nearest
from sightline.ground.headlines.headline import Figure
from sightline.ground.outcome import Outcome
from sightline.runs.facts import RunFacts, duration, facts_of
from sightline.runs.next_steps import what_next
from sightline.runs.records import RunRecord, TaskRecord
from sightline.views.page import page_path

if TYPE_CHECKING:
    from sightline.images.build import BuiltImage
    from sightline.runs.artifacts import Made
    from sightline.start.doctor import Check

STYLES = {
    "succeeded": "green",
    "reused": "cyan",
    "ok": "green",
    "failed": "red",
    "problem": "red",
    "cancelled": "red",
    "interrupted": "red",
    "running": "yellow",
    "warning": "yellow",
}
NUMERIC = frozenset({"Time", "Start-up", "Computing", "Writing", "Size"})
PIPED_WIDTH = 200
"""Wide enough that nothing wraps where no person watches the width."""


def show(*contents: RenderableType) -> None:
    """Print tables and texts; without colours and wrapping when it goes to a pipe.

    Texts are left to the terminal to wrap, so that addresses can be copied.
    """
    piped = not sys.stdout.isatty()
    console = Console(width=PIPED_WIDTH if piped else None, highlight=False, no_color=piped)
    with console.capture() as printed:
        for content in contents:
            console.print(content, soft_wrap=isinstance(content, Text))
    lines = printed.get().splitlines(keepends=True)
    # Tables fill cells up with blanks, which files and comparisons should not have.
    sys.stdout.writelines(f"{line.rstrip()}\n" if piped else line for line in lines)


def as_json(content: object) -> str:
    """Write facts for programs."""
    return json.dumps(content, indent=2, default=str)


def runs_table(runs: Sequence[RunRecord]) -> RenderableType:
    """List runs: when, how they ended, what was decided, and each one's first figure."""
    if not runs:
        return Text(
            "No runs yet. Start one with `sightline run`, on a cluster with `sightline submit`."
        )
    found = [facts_of(record) for record in runs]
    figures = _first_figures(found)
    columns: dict[str, Sequence[str | Text]] = {
        "Run": [one.title for one in found],
        "Started": [f"{record.started.astimezone():%m-%d %H:%M}" for record in runs],
        "Status": [state(record.status) for record in runs],
        "Time": [one.time or "" for one in found],
        "Schedule": [record.schedule or "" for record in runs],
        "Reused": [_share_reused(one) for one in found],
        "Decision": [one.outcome.decision or "" for one in found],
        **figures,
        "Went live": [
            f"version {one.outcome.put_live}" if one.outcome.put_live else "" for one in found
        ],
    }
    # A local run's id has its time in it.
    remote = any(record.url for record in runs)
    shown = {
        name: cells
        for name, cells in columns.items()
        if any(str(cell) for cell in cells) and (remote or name != "Started")
    }
    rows = table(*shown, numeric=figures)
    rows.columns[0].no_wrap = True
    for cells in zip(*shown.values(), strict=True):
        rows.add_row(*cells)
    return rows


def _first_figures(found: Sequence[RunFacts]) -> dict[str, Sequence[str]]:
    """Return a column per figure that runs name first; those of one problem have one."""
    first = [one.outcome.figure for one in found]
    labels = dict.fromkeys(figure.label for figure in first if figure)
    return {
        label: [figure.short if figure and figure.label == label else "" for figure in first]
        for label in labels
    }


def run_facts(record: RunRecord) -> dict[str, Any]:
    """Return what `sightline runs --json` says about a run."""
    found = facts_of(record)
    return {
        "id": record.id,
        "name": record.name,
        "url": record.url,
        "schedule": record.schedule,
        "pipeline": record.pipeline,
        "status": record.status,
        "launcher": record.launcher,
        "started": record.started.isoformat(),
        "seconds": found.seconds,
        "num_tasks": found.num_tasks,
        "num_reused": found.num_reused,
        "decision": found.outcome.decision,
        "figures": figures_by_name(found.outcome.shown),
        "folder": None if record.url else str(record.folder),
    }


def figures_by_name(figures: Sequence[Figure]) -> dict[str, dict[str, Any]]:
    """Return figures for programs: what each is called, its value, its interval."""
    return {
        figure.name: figure.model_dump(exclude={"name"} | _unsaid(figure)) for figure in figures
    }


def _unsaid(figure: Figure) -> set[str]:
    """Leave the deviation out where there is a single figure, as ever."""
    return {"deviation"} if figure.deviation is None else set()


def run_view(record: RunRecord, *, test_split: str = "") -> tuple[RenderableType, ...]:
    """Show one run: its tasks, figures, and where everything is.

    `test_split` says how often its test images have judged models.
    """
    facts = facts_of(record)
    lines = [f"Run {facts.title}: {facts.status}, {facts.time or 'not ended'}"]
    lines += [f"Schedule: {record.schedule}"] if record.schedule else []
    if facts.failure:
        lines.append(facts.failure)
    lines += [f"{name}: {text}" for name, text in facts.outcome.facts()]
    lines += [f"Mistakes: {facts.mistakes.text()}"] if facts.mistakes else []
    lines += [f"Test split: {test_split}"] if test_split else []
    lines += [f"Went live: {text}"] if (text := _went_live(facts.outcome)) else []
    lines += [f"What next: {one.text}" for one in what_next(record).steps[:1]]
    rows = _tasks_table(record)
    places = _places(record)
    lines += [f"Warning: {warning}" for warning in facts.warnings if record.url]
    return Text("\n".join(lines)), Text(), rows, Text(), Text("\n".join(places))


def _went_live(outcome: Outcome) -> str:
    """Say which version a run put live, or why its model did not go live though it was to."""
    if outcome.held_back:
        return f"no. {outcome.held_back}"
    folder = f" in {outcome.model_folder}" if outcome.model_folder else ""
    return f"version {outcome.put_live}{folder}" if outcome.put_live else ""


def _tasks_table(record: RunRecord) -> Table:
    """List tasks with their times; a cluster tells only how long each took in all."""
    tasks = record.tasks.values()
    times = {
        "Time": [task.seconds for task in tasks],
        "Start-up": [task.startup_seconds for task in tasks],
        "Computing": [task.compute_seconds for task in tasks],
        "Writing": [task.writing_seconds for task in tasks],
    }
    known = {name: cells for name, cells in times.items() if name == "Time" or any(cells)}
    rows = table("Task", "Status", *known)
    for task, *cells in zip(tasks, *known.values(), strict=True):
        rows.add_row(task.name, state(task.status), *(_seconds(cell) for cell in cells))
    return rows


def _places(record: RunRecord) -> list[str]:
    """Say where everything about a run is."""
    made = [
        (f"{task.name}/{name}", artifact.uri)
        for task in record.tasks.values()
        for name, artifact in task.outputs.artifacts.items()
    ]
    if record.url:
        return [f"Page: {record.url}", *_below_one([uri for _, uri in made])]
    places = [f"Folder: {record.folder}"]
    if page_path(record).is_file():
        places.append(f"Report: {page_path(record)}")
    return [*places, *(f"  artifacts/{name}" for name, _ in made)]


def _below_one(addresses: Sequence[str]) -> list[str]:
    """Write what addresses have in common once, and the rest of each below it."""
    if not addresses:
        return []
    # commonpath would take the two slashes of s3:// for one.
    shared = os.path.commonprefix(list(addresses)).rpartition("/")[0]  # noqa: RUF071
    return [f"Artifacts: {shared}/", *(f"  {one.removeprefix(f'{shared}/')}" for one in addresses)]


def artifacts_list(record: RunRecord, made: "Sequence[Made]") -> RenderableType:
    """List artifacts of a run with their types and addresses."""
    if not made:
        return Text("\n".join(["No artifacts.", *record.warnings]))
    names = [f"{one.task}/{one.artifact.name}" for one in made]
    width = max(len(name) for name in names)
    lines = [
        f"{name:<{width}}  {one.artifact.kind.removeprefix('system.'):<21}  {one.artifact.uri}"
        for name, one in zip(names, made, strict=True)
    ]
    return Text("\n".join(lines))


def reasons(record: RunRecord, task: str | None) -> dict[str, list[str]]:
    """Say for one task, or for all, why it ran or was reused.

    Raises:
        UserError: the run has no such task.
    """
    name = task.replace("_", "-") if task else None
    if name is not None and name not in record.tasks:
        suggestion = nearest(name, record.tasks)
        hint = f"Did you mean `{suggestion}`?" if suggestion else "Choose one of them."
        raise UserError(
            f"run {record.id}: expected one of its tasks {', '.join(record.tasks)}; "
            f"received `{task}`. {hint}"
        )
    return {
        other.name: other.cache.sentences() if other.cache else [_ended(other)]
        for other in record.tasks.values()
        if name in (None, other.name)
    }


def _ended(task: TaskRecord) -> str:
    return f"{task.status.capitalize()}{f': {task.message}' if task.message else ''}."


def check_line(check: "Check") -> RenderableType:
    """Say what `doctor` found, with the remedy below."""
    rows = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for width in (16, 8):
        rows.add_column(width=width)
    rows.add_column(overflow="fold")
    remedy = f"\n{check.remedy}" if check.remedy else ""
    rows.add_row(check.name, state(check.state), f"{check.found}{remedy}")
    return rows


def images_table(images: "Sequence[BuiltImage]") -> RenderableType:
    """List built images with their sizes."""
    rows = table("Stage", "Image", "Size", "Time")
    for image in images:
        size = f"{image.size_bytes / 1e6:,.0f} MB"
        rows.add_row(image.stage, image.reference, size, _seconds(image.seconds))
    return rows


def table(*columns: str, numeric: Collection[str] = ()) -> Table:
    """Start a table as all commands print them; times, sizes and `numeric` ones stand right."""
    started = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        right = column in NUMERIC or column in numeric
        started.add_column(column, justify="right" if right else "left", overflow="fold")
    return started


def state(name: str) -> Text:
    """Colour a state as all commands do."""
    return Text(name, style=STYLES.get(name, ""))


def _seconds(seconds: float | None) -> str:
    return duration(seconds) or ""


def _share_reused(facts: RunFacts) -> str:
    return f"{facts.num_reused}/{facts.num_tasks}" if facts.num_tasks else ""
