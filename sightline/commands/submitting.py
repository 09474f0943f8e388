"""Commands that bring the pipeline to a cluster."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, Overrides, TargetName, file_option, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.platform.engine import Engine, Request
    from sightline.platform.lint import Finding

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print exactly what would be sent; send nothing.")
]


def submit(
    overrides: Overrides = None,
    target: TargetName = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the run; a run with this name is found, not started again."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Watch it and end as it ends.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Run every task again.")] = False,
    dry_run: DryRun = False,
    file: File = DEFAULT_FILE,
) -> None:
    """Start the pipeline on a cluster."""
    from sightline.platform.engines import engine_for
    from sightline.platform.submit import new_submission, prepare

    prepared = prepare(file, target, overrides or ())
    show_findings(prepared.warnings)
    engine = engine_for(prepared.project)
    submission = new_submission(prepared, name, cache=not no_cache)
    if dry_run:
        show_requests(engine.plan(submission))
        return
    started = engine.submit(submission)
    where = f" --target {prepared.project.target_name}{file_option(file)}"
    known = "was there already" if started.was_there else "started"
    typer.echo(f"Run {submission.run_name} {known}: {started.url}")
    if wait:
        watch(engine, started.run_id, where)
    typer.echo(f"Watch it:  sightline show {submission.run_name} --wait{where}")
    typer.echo(f"Stop it:   sightline cancel {submission.run_name}{where}")


def cancel(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Run id or name.")],
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Stop a run on a cluster."""
    from sightline.platform.engines import engine_for

    engine = engine_for(load(file, target=target))
    record = engine.run(run_id)
    engine.cancel(record.id)
    typer.echo(f"Run {record.id} is being stopped.")


def watch(engine: "Engine", run_id: str, where: str) -> None:
    """Show a run until it ends, and end with its result; Ctrl-C leaves it running."""
    from sightline.commands.running import finish
    from sightline.platform.follow import Follower
    from sightline.platform.live import view

    try:
        with view() as listener:
            record = Follower(engine, listener).follow(run_id)
    except KeyboardInterrupt:
        typer.echo(f"\nThe run goes on. Stop it:  sightline cancel {run_id}{where}")
        raise typer.Exit(130) from None
    finish(record, where)


def show_requests(requests: "Sequence[Request]") -> None:
    """Print messages as they would be sent."""
    for request in requests:
        typer.echo(f"{request.method} {request.address}")
        typer.echo(json.dumps(request.body, indent=2, default=str))


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print what lint noticed, beside the output."""
    from sightline.platform.lint import format_findings

    if findings:
        typer.echo(format_findings(findings), err=True)
