"""Commands that look: at runs, at this machine, at what settings there are."""

import json
from typing import Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, Json, RunId, load


def runs(json_output: Json = False, file: File = DEFAULT_FILE) -> None:
    """List the runs of the project, newest first."""
    from sightline.platform import render
    from sightline.platform.local.store import list_runs

    listing = list_runs(load(file).root)
    if json_output:
        typer.echo(render.as_json([render.run_facts(record) for record in listing.runs]))
    else:
        render.show(render.runs_table(listing.runs))
    for run_id, reason in listing.unreadable.items():
        typer.echo(f"{run_id}: {reason}", err=True)


def show(run_id: RunId = "latest", json_output: Json = False, file: File = DEFAULT_FILE) -> None:
    """Show the tasks, figures and reports of a run."""
    from sightline.platform import render
    from sightline.platform.local.store import find_run

    record = find_run(load(file).root, run_id)
    if json_output:
        typer.echo(record.model_dump_json(indent=2, by_alias=True))
    else:
        render.show(render.run_view(record))


def why(
    run_id: RunId = "latest",
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Task, such as train; all unless given.")
    ] = None,
    json_output: Json = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Say why tasks ran or were reused."""
    from sightline.platform import render
    from sightline.platform.local.store import find_run

    reasons = render.reasons(find_run(load(file).root, run_id), task)
    if json_output:
        typer.echo(render.as_json(reasons))
        return
    for name, sentences in reasons.items():
        typer.echo(f"{name}: " + "\n  ".join(sentences))


def doctor(file: File = DEFAULT_FILE) -> None:
    """Check this machine and the settings."""
    from sightline.platform import render
    from sightline.platform.doctor import examine

    problems = 0
    for check in examine(file):
        render.show(render.check_line(check))
        problems += check.state == "problem"
    if problems:
        raise typer.Exit(1)


def schema() -> None:
    """Print the JSON schema of settings, for editors."""
    from sightline.platform.editor_schema import editor_schema

    typer.echo(json.dumps(editor_schema(), indent=2))
