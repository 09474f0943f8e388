"""The page of a run: what came out, how long it took, and every stage's page one click away."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from sightline import __version__
from sightline.ground.headlines.headline import digits
from sightline.ground.pages import END_OF_FRONT, FRONT, NAVIGATION, POLICY
from sightline.ground.storage.files import write_whole
from sightline.runs.facts import (
    REPORT_KIND,
    RunFacts,
    changed_settings,
    facts_of,
    lineage,
    metrics,
    shown_below,
)
from sightline.runs.next_steps import what_next
from sightline.runs.records import RunRecord, TaskRecord

FOLDER = resources.files("sightline")
PAGE_NAME = "report.html"
BUTTON = re.compile(r'<button popovertarget="([\w-]+)"([^>]*)></button>')
"""What opens a part of a task's page there; here a link to it."""
WHOLE = "display: block; height: 100%"
FRONT_PART = re.compile(f"{re.escape(FRONT)}(.*?){re.escape(END_OF_FRONT)}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the top of the page."""

    name: str
    value: str
    detail: str = ""
    """What stands below it, smaller."""


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


def write_page(record: RunRecord, *, changes: Sequence[str] = ()) -> Path:
    """Write `report.html` into the run's folder, with copies of the stages' pages beside it.

    `changes` are lines on what became of the data since the run before.
    """
    reports = copy_reports(record)
    facts = facts_of(record)
    # The sheet is a file of the stages' reports, so that all pages look alike.
    style = FOLDER.joinpath("stage/report/style.css").read_text(encoding="utf-8")
    text = _template().render(
        version=__version__,
        style=Markup(style),
        run=record,
        outcome=facts.outcome,
        tiles=tiles(facts),
        policy=POLICY,
        front=front_parts(record, reports),
        next=what_next(record),
        changes=changes,
        mistakes=facts.mistakes,
        mistakes_place=facts.mistakes and shown_below(record.folder, facts.mistakes.place),
        reports=reports,
        tasks=task_rows(record, reports),
        metrics=[(task, name, _number(value)) for task, name, value in metrics(record)],
        settings=list(changed_settings(record.parameters)),
        lineage=list(lineage(record)),
    )
    path = page_path(record)
    write_whole(path, text)
    return path


@cache
def _template() -> Template:
    # Compiling it takes longer than filling it in.
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(FOLDER.joinpath("views/page.html").read_text(encoding="utf-8"))


def page_path(record: RunRecord, task: str | None = None) -> Path:
    """Return where a run's page lies on this machine, or the copy of a task's page."""
    return record.folder / (f"report-{task}.html" if task else PAGE_NAME)


def page_address(record: RunRecord) -> str:
    """Return the address of a run's page: in the cluster's UI, or the file here."""
    return record.url or page_path(record).absolute().as_uri()


def copy_reports(record: RunRecord) -> dict[str, str]:
    """Put the tasks' pages beside the run's page under names that browsers show as HTML.

    Return the name of each by task; those of Sightline link to each other and to the run.
    """
    sources = {task.name: path for task in record.tasks.values() if (path := _report_of(task))}
    names = {task: page_path(record, task).name for task in sources}
    for task, source in sources.items():
        target = page_path(record, task)
        target.unlink(missing_ok=True)
        page = source.read_text(encoding="utf-8", errors="surrogateescape")
        if NAVIGATION in page:
            linked = page.replace(NAVIGATION, navigation(record, names, task), 1)
            target.write_text(linked, encoding="utf-8", errors="surrogateescape")
            continue
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(source, target)
    return names


def navigation(record: RunRecord, names: Mapping[str, str], here: str) -> str:
    """Return links from a task's page to the run's page and to those of the other tasks."""
    links = [
        Markup('<a href="{}">Run {}</a>').format(PAGE_NAME, record.id),
        *(
            Markup("<b>{}</b>").format(task)
            if task == here
            else Markup('<a href="{}">{}</a>').format(name, task)
            for task, name in names.items()
        ),
    ]
    return f"<nav>{' '.join(links)}</nav>"


def front_parts(record: RunRecord, names: Mapping[str, str]) -> list[tuple[str, Markup]]:
    """Return what tasks' pages have for the front, such as the worst mistakes: task and HTML."""
    return [
        (task, Markup(BUTTON.sub(rf'<a style="{WHOLE}" href="{name}#\1"\2></a>', part)))
        for task, name in names.items()
        for part in FRONT_PART.findall(_text_of(record.folder / name))
    ]


def _report_of(task: TaskRecord) -> Path | None:
    paths = [
        Path(artifact.uri)
        for artifact in task.outputs.artifacts.values()
        if artifact.kind == REPORT_KIND
    ]
    return next((path for path in paths if path.is_file()), None)


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def tiles(facts: RunFacts) -> list[Tile]:
    """Return the figures at the top of the page."""
    outcome = facts.outcome
    refused, reused = outcome.num_refused, facts.num_reused
    others = (
        (
            "Images",
            _count(outcome.num_images),
            f"{refused:,} refused" if refused is not None else "",
        ),
        ("Recipe", outcome.recipe, ""),
        ("Live version", _count(outcome.put_live), ""),
        ("Time", facts.time, f"{reused} of {facts.num_tasks} tasks reused"),
    )
    return [
        *(Tile(figure.label, figure.short, figure.doubt) for figure in outcome.shown),
        *(Tile(name, value, detail) for name, value, detail in others if value),
    ]


def task_rows(record: RunRecord, reports: Mapping[str, str]) -> list[TaskRow]:
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
            report=reports.get(task.name),
            log=task.log if (record.folder / task.log).is_file() else None,
        )
        for task in record.tasks.values()
    ]


def task_reasons(task: TaskRecord) -> list[str]:
    """Say why a task ran or was reused, one sentence per line."""
    return task.cache.sentences() if task.cache else []


def _count(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


def _number(value: float) -> str:
    """Write whole numbers whole, and fractions with the same digits as the headline figures."""
    return f"{value:,}" if isinstance(value, int) else digits(value)
