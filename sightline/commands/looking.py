"""Commands that look: at runs, at this machine, at what settings there are."""

import json
import webbrowser
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.cleaning import delete
from sightline.commands.cleaning import name as give_name
from sightline.commands.options import (
    DEFAULT_FILE,
    File,
    Json,
    RunId,
    TargetName,
    engine_of,
    load,
)
from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.project.settings import Project
    from sightline.runs.records import RunRecord


runs = typer.Typer(
    name="runs", help="List the runs of the project, newest first.", invoke_without_command=True
)
runs.command()(delete)
runs.command("name")(give_name)

MOST_COUNTED = 1000
"""Runs among which models are counted that the same test images have judged."""


@runs.callback()
def listing(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
    json_output: Json = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """List the runs of the project, newest first."""
    if context.invoked_subcommand:
        if file != DEFAULT_FILE or target:
            raise UserError(
                f"expected --file behind `runs {context.invoked_subcommand}`; received options "
                "before it. Move them."
            )
        return
    from sightline.engines.engine import RunFilter
    from sightline.targets.local.store import list_runs
    from sightline.views import render

    project = load(file, target=target)
    wanted = RunFilter(limit=limit, pipeline=project.pipeline.name, figures=True)
    found = engine_of(project).runs(wanted)
    say_warnings(found)
    if json_output:
        typer.echo(render.as_json([render.run_facts(record) for record in found]))
    else:
        render.show(render.runs_table(found))
    if project.target.remote is None:
        for run_id, reason in list_runs(project.root).unreadable.items():
            typer.echo(f"{run_id}: {reason}", err=True)


def show(
    run_id: RunId = "latest",
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the run's page in a browser.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Watch a cluster's run and end as it ends.")
    ] = False,
    json_output: Json = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Show the tasks, figures and reports of a run."""
    from sightline.commands.running import finish
    from sightline.commands.submitting import say_aside, watch
    from sightline.engines.engine import RunFilter
    from sightline.runs.outcome import outcome_of
    from sightline.runs.test_splits import test_split_text
    from sightline.views import render
    from sightline.views.page import page_address

    if wait and json_output:
        raise UserError("expected --wait or --json; received both. Wait first, then ask for JSON.")
    project = load(file, target=target)
    engine = engine_of(project)
    record = engine.run(run_id)
    if open_page and not webbrowser.open(page_address(record)):
        say_aside(f"Found no browser here; open {page_address(record)}")
    if wait:
        finish(watch(engine, record.id, project.options), project.options)
    elif json_output:
        facts = record.model_dump(mode="json", by_alias=True)
        typer.echo(render.as_json({**facts, "outcome": outcome_of(record).model_dump(mode="json")}))
    else:
        # What a cluster lists says nothing of artifacts: there it stays unsaid.
        runs = [] if record.url else engine.runs(RunFilter(limit=MOST_COUNTED))
        said = "" if record.url else test_split_text(record, runs)
        render.show(*render.run_view(record, test_split=said))


def artifacts(
    run_id: RunId = "latest",
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="TASK[/NAME]", help="Task or one artifact; all unless given."),
    ] = None,
    download: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Copy them below this folder.")
    ] = None,
    reports: Annotated[bool, typer.Option("--reports", help="Only the stages' pages.")] = False,
    json_output: Json = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """List what a run made, and download it."""
    from sightline.runs.artifacts import choose_artifacts, download_artifacts, expect_artifacts
    from sightline.views import render

    project = load(file, target=target)
    record = engine_of(project).run(run_id)
    chosen = choose_artifacts(record, wanted, only_reports=reports)
    if download is not None:
        expect_artifacts(record, chosen)
        for path in download_artifacts(chosen, download, project.target):
            typer.echo(path)
    elif json_output:
        typer.echo(render.as_json([artifact.facts() for artifact in chosen]))
    else:
        render.show(render.artifacts_list(record, chosen))


def compare(
    before: Annotated[str, typer.Argument(metavar="RUN", help="The run to start from.")],
    after: Annotated[str, typer.Argument(metavar="RUN", help="The run to hold against it.")],
    json_output: Json = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Put two runs side by side.

    Shows settings, figures, and the test images that changed sides.
    """
    from dataclasses import asdict

    from sightline.runs import compare as comparing
    from sightline.runs.artifacts import file_reader
    from sightline.views import render
    from sightline.views.comparison import comparison_view

    project = load(file, target=target)
    engine = engine_of(project)
    runs = engine.run(before), engine.run(after)
    say_warnings(runs)
    found = comparing.compare(*runs, file_reader(project.target))
    if json_output:
        facts = asdict(found)
        figures = [
            {
                "label": pair.label,
                "before": pair.before and pair.before.model_dump(),
                "after": pair.after and pair.after.model_dump(),
                "change": pair.change,
            }
            for pair in found.figures
        ]
        facts |= {"before": found.before.id, "after": found.after.id, "figures": figures}
        typer.echo(render.as_json(facts))
    else:
        render.show(comparison_view(found))


def say_warnings(records: "Sequence[RunRecord]") -> None:
    """Say once what could not be found out about runs of a cluster."""
    found = [warning for record in records if record.url for warning in record.warnings]
    for warning in dict.fromkeys(found):
        typer.echo(f"Warning: {warning}", err=True)


def why(
    run_id: RunId = "latest",
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Task, such as train; all unless given.")
    ] = None,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Say why tasks ran or were reused."""
    from sightline.targets.local.store import find_run
    from sightline.views import render

    reasons = render.reasons(find_run(load(file).root, run_id), task)
    if json_output:
        typer.echo(render.as_json(reasons))
        return
    for name, sentences in reasons.items():
        typer.echo(f"{name}: " + "\n  ".join(sentences))


def doctor(target: TargetName = None, file: File = DEFAULT_FILE) -> None:
    """Check this machine, or with --target a cluster."""
    from sightline.start.deploy_checks import examine_deployment
    from sightline.start.doctor import examine
    from sightline.start.target_checks import examine_target
    from sightline.views import render

    if target is None or load(file, target=target).target.remote is None:
        checks = examine(file, made_live)
    else:
        checks = examine_target(file, target)
    problems = 0
    for check in chain(checks, examine_deployment(file, target)):
        render.show(render.check_line(check))
        problems += check.state == "problem"
    if problems:
        raise typer.Exit(1)


def made_live(project: "Project", version: int) -> str:
    """Say which run put a version of the project's model live, and why it went on."""
    from sightline.runs.outcome import outcome_of
    from sightline.targets.local.store import list_runs

    for record in list_runs(project.root).runs:
        outcome = outcome_of(record)
        if outcome.put_live == version and Path(outcome.model_folder) == project.model_folder:
            return (
                f"Run {record.id} put it live: {outcome.decision_text or 'no decision is known.'}"
            )
    return "No run of this project says that it put it live."


def verify(file: File = DEFAULT_FILE) -> None:
    """Say what of all that the project holds is damaged."""
    from sightline.start.model_check import examined
    from sightline.targets.local.verify import damage_below

    project = load(file)
    damaged = list(damage_below(project.root))
    damaged += [found["damage"] for found in examined(project.model_folder, ask=False)]
    for line in filter(None, damaged):
        typer.echo(line)
    if any(damaged):
        raise typer.Exit(1)
    typer.echo(
        "Everything is as it was written: runs, artifacts, cache, schedules, model versions and "
        "their log."
    )


def schema() -> None:
    """Print the JSON schema of settings, for editors."""
    from sightline.project.editor_schema import editor_schema

    typer.echo(json.dumps(editor_schema(), indent=2))
