"""Commands that bring the pipeline to a cluster."""

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import (
    DEFAULT_FILE,
    File,
    Overrides,
    PipelineName,
    TargetName,
    chosen,
    engine_of,
    load,
)
from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.engines.engine import Engine, Request
    from sightline.lint import Finding
    from sightline.package.compiled import Package
    from sightline.runs.records import RunRecord

SPECIFICATION = "pipelineSpec"
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
    pipeline: PipelineName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Start the pipeline on a cluster."""
    from sightline.commands.running import finish
    from sightline.launch.earlier_splits import find_earlier_splits
    from sightline.launch.submit import new_submission, prepare

    prepared = prepare(
        *(file, target, overrides or ()),
        run_name=name,
        pipeline=chosen(pipeline),
        to_read=dry_run,
    )
    show_findings(prepared.warnings)
    engine = engine_of(prepared.project)
    if dry_run:
        submission = new_submission(prepared, name, cache=not no_cache)
        show_requests(engine.plan(submission), submission.package)
        end_where_not_ready(prepared.warnings)
        return
    found = find_earlier_splits(prepared.project, engine)
    if found.sentence:
        say_aside(found.sentence)
    submission = new_submission(prepared, name, cache=not no_cache, splits=found.parameters)
    started = engine.submit(submission)
    options = prepared.project.options
    ended = engine.run(started.run_id) if started.was_there and not wait else None
    known = "was there already" if started.was_there else "started"
    typer.echo(f"Run {submission.run_name} {known}: {started.url}")
    if ended is not None and ended.finished is not None:
        typer.echo(f"It is over ({ended.status}). To run again, choose another --name.")
        return
    if wait:
        finish(watch(engine, started.run_id, options), options)
    run_name = shlex.quote(submission.run_name)
    typer.echo(f"Watch it:  sightline show {run_name} --wait{options}")
    typer.echo(f"Stop it:   sightline cancel {run_name}{options}")


def cancel(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Run id or name.")],
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Stop a run on a cluster."""
    engine = engine_of(load(file, target=target))
    record = engine.run(run_id)
    if record.finished is not None:
        raise UserError(
            f"run {record.name or record.id}: expected one that goes on; it is over "
            f"({record.status}). There is nothing to stop."
        )
    engine.cancel(record.id)
    typer.echo(f"Run {record.name or record.id} is being stopped.")


def watch(engine: "Engine", run_id: str, options: str) -> "RunRecord":
    """Show a run until it ends; Ctrl-C leaves it running."""
    from sightline.launch.follow import Follower
    from sightline.views.live import view

    try:
        with view() as listener:
            return Follower(engine, listener, report=say_aside).follow(run_id)
    except KeyboardInterrupt:
        typer.echo(f"\nThe run goes on. Stop it:  sightline cancel {run_id}{options}")
        raise typer.Exit(130) from None


def say_aside(line: str) -> None:
    """Write a line beside the output."""
    typer.echo(line, err=True)


def show_requests(requests: "Sequence[Request]", package: "Package") -> None:
    """Print messages as they would be sent; the package's content is named by its file."""
    for request in requests:
        condition = f"  ({request.condition})" if request.condition else ""
        typer.echo(f"{request.method} {request.address}{condition}")
        typer.echo(json.dumps(without_package(request.body, package), indent=2, default=str))


def without_package(body: object, package: "Package") -> object:
    """Replace the content of the package, wherever it stands in a message, by its file's name."""
    if not isinstance(body, Mapping):
        return body
    named = f"content of {package.path}"
    return {
        key: named if key == SPECIFICATION else without_package(part, package)
        for key, part in body.items()
    }


def end_where_not_ready(findings: "Sequence[Finding]") -> None:
    """End with code 2 where something was shown that a target would not take yet."""
    if any(finding.severity == "problem" for finding in findings):
        raise typer.Exit(2)


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print what lint noticed, beside the output."""
    from sightline.lint import format_findings

    if findings:
        typer.echo(format_findings(findings), err=True)
