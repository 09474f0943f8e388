"""The page of a run: what came out, how long it took, and every stage's page one click away."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from sightline import __version__
from sightline.project.stages import settings_class, stage_names
from sightline.runs.headline import Headline, headline
from sightline.runs.records import RunRecord, TaskRecord

PAGE_NAME = "report.html"
REPORT_KIND = "system.HTML"
METRICS_KIND = "system.Metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One task in the page's table."""

    name: str
    status: str
    seconds: float | None
    startup_seconds: float | None
    compute_seconds: float | None
    writing_seconds: float | None
    share: float
    """Part of the longest task's time, in percent."""
    reasons: list[str]
    report: str | None
    log: str | None


def write_page(record: RunRecord) -> Path:
    """Write `report.html` into the run's folder, with copies of the stages' pages beside it."""
    reports = {task.name: copy_report(record, task) for task in record.tasks.values()}
    found = headline(record)
    folder = resources.files("sightline")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(
        folder.joinpath("views/page.html").read_text(encoding="utf-8")
    )
    # The sheet is a file of the stages' reports, so that all pages look alike.
    style = folder.joinpath("stage/report/style.css").read_text(encoding="utf-8")
    text = template.render(
        version=__version__,
        style=Markup(style),
        run=record,
        found=found,
        seconds=run_seconds(record),
        figures=figures(record, found),
        tasks=task_rows(record, reports),
        metrics=list(metrics(record)),
        settings=list(changed_settings(record.parameters)),
        lineage=list(lineage(record)),
    )
    path = record.folder / PAGE_NAME
    path.write_text(text, encoding="utf-8")
    return path


def page_address(record: RunRecord) -> str:
    """Return the address of a run's page: in the cluster's UI, or the file here."""
    return record.url or (record.folder / PAGE_NAME).absolute().as_uri()


def copy_report(record: RunRecord, task: TaskRecord) -> str | None:
    """Put a task's page beside the run's page under a name that browsers show as HTML."""
    for artifact in task.outputs.artifacts.values():
        source = Path(artifact.uri)
        if artifact.kind == REPORT_KIND and source.is_file():
            target = record.folder / f"report-{task.name}.html"
            target.unlink(missing_ok=True)
            try:
                os.link(source, target)
            except OSError:  # another file system, or one without links
                shutil.copyfile(source, target)
            return target.name
    return None


def run_seconds(record: RunRecord) -> float | None:
    """Return how long a run took, once it has ended."""
    if record.finished is None:
        return None
    return (record.finished - record.started).total_seconds()


def figures(record: RunRecord, found: Headline) -> dict[str, str]:
    """Return the figures at the top of the page."""
    tasks = record.tasks.values()
    values = {
        "Test accuracy": _figure(found.accuracy, ".3f"),
        "Interval": (
            f"{found.accuracy_low:.3f}–{found.accuracy_high:.3f}"
            if found.accuracy_low is not None and found.accuracy_high is not None
            else None
        ),
        "Images": _figure(found.num_images, ","),
        "Refused": _figure(found.num_refused, ","),
        "Recipe": found.recipe,
        "Live version": found.version,
        "Time": duration(run_seconds(record)),
        "Reused tasks": f"{sum(t.status == 'reused' for t in tasks)} of {len(record.tasks)}",
    }
    return {name: value for name, value in values.items() if value}


def task_rows(record: RunRecord, reports: dict[str, str | None]) -> list[TaskRow]:
    """Return the rows of the table of tasks."""
    longest = max((task.seconds or 0 for task in record.tasks.values()), default=0)
    return [
        TaskRow(
            name=task.name,
            status=task.status,
            seconds=task.seconds,
            startup_seconds=task.startup_seconds,
            compute_seconds=task.compute_seconds,
            writing_seconds=task.writing_seconds,
            share=round(100 * (task.seconds or 0) / longest, 1) if longest else 0,
            reasons=[task.message] if task.message else task_reasons(task),
            report=reports[task.name],
            log=task.log if (record.folder / task.log).is_file() else None,
        )
        for task in record.tasks.values()
    ]


def task_reasons(task: TaskRecord) -> list[str]:
    """Say why a task ran or was reused, one sentence per line."""
    return task.cache.sentences() if task.cache else []


def metrics(record: RunRecord) -> Iterator[tuple[str, str, float]]:
    """Give every metric of every task: task, name, value."""
    for task in record.tasks.values():
        for artifact in task.outputs.artifacts.values():
            if artifact.kind == METRICS_KIND:
                for name, value in artifact.metadata.items():
                    if isinstance(value, int | float):
                        yield task.name, name, value


def changed_settings(parameters: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give the settings that differ from their default: name, value, default."""
    for stage in stage_names():
        for name, field in settings_class(stage).model_fields.items():
            key = f"{stage}_{name}"
            default = "" if field.is_required() else field.default
            if isinstance(default, tuple):
                default = "[]"
            if key in parameters and parameters[key] != default:
                shown = "none: required" if field.is_required() else default
                yield f"{stage}.{name}", str(parameters[key]), str(shown)


def lineage(record: RunRecord) -> Iterator[tuple[str, str, str, str]]:
    """Give every artifact: its name, the task that made it, the tasks that read it, its path."""
    readers: dict[str, list[str]] = {}
    for task in record.tasks.values():
        for artifact in task.inputs.artifacts.values():
            readers.setdefault(artifact.uri, []).append(task.name)
    for task in record.tasks.values():
        for name, artifact in task.outputs.artifacts.items():
            path = Path(artifact.uri)
            inside = path.is_relative_to(record.folder)
            shown = path.relative_to(record.folder) if inside else path
            yield name, task.name, ", ".join(readers.get(artifact.uri, [])), str(shown)


def duration(seconds: float | None) -> str | None:
    """Write a time as people say it, such as `48.2 s` or `3 min 5 s`."""
    if seconds is None:
        return None
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _figure(value: float | None, form: str) -> str | None:
    return None if value is None else format(value, form)
