"""Commands that make settings, packages and runs."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import (
    DEFAULT_FILE,
    File,
    Overrides,
    PipelineName,
    TargetName,
    chosen,
    load,
)
from sightline.ground.errors import UserError
from sightline.ground.run_states import LauncherName
from sightline.project.settings_file import file_option

if TYPE_CHECKING:
    from sightline.project.settings import Project
    from sightline.runs.records import RunRecord


def init(
    photos: Annotated[
        str,
        typer.Argument(metavar="PHOTOS", help="Folder, CSV, JSONL, zip or tar with the images."),
    ],
    weights: Annotated[
        str | None,
        typer.Option(
            help="Backbone with weights here, file or URI of weights without a top, or none."
        ),
    ] = None,
    file: File = DEFAULT_FILE,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Look at labelled images and write settings for them."""
    from sightline.start.init import init_project

    for line in init_project(photos, file, weights=weights, force=force):
        typer.echo(line)
    typer.echo(f"\nNext:  sightline run{file_option(file)}")


def run(
    run_id: Annotated[
        str | None, typer.Argument(metavar="RUN", help="With --resume: which run.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue a run that did not end well.")
    ] = False,
    overrides: Overrides = None,
    launcher: Annotated[
        LauncherName | None,
        typer.Option(help="How tasks start; inline is for a debugger."),
    ] = None,
    target: TargetName = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Run every task again.")] = False,
    from_stage: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="Run this and what follows again.")
    ] = None,
    until_stage: Annotated[
        str | None,
        typer.Option("--until", metavar="STAGE", help="End after this; nobody is notified."),
    ] = None,
    no_deploy: Annotated[
        bool, typer.Option("--no-deploy", help="An experiment: no model goes live.")
    ] = False,
    pipeline: PipelineName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Run the pipeline here, from images to a live model."""
    from sightline.targets.local.training_run import resume_project, run_project

    if resume:
        _expect_resume_alone(
            {
                "--set": overrides,
                "--launcher": launcher,
                "--target": target,
                "--no-cache": no_cache,
                "--from": from_stage,
                "--until": until_stage,
                "--no-deploy": no_deploy,
                "--pipeline": pipeline,
            }
        )
        finish(resume_project(load(file), run_id or "latest"), file_option(file))
    if run_id is not None:
        raise UserError(f"expected --resume before a run id; received only {run_id!r}. Add it.")
    project = load(file, overrides, target, chosen(pipeline))
    for note in project.notes:
        typer.echo(note)
    record = run_project(
        project,
        launcher=launcher,
        cache=not no_cache,
        from_stage=from_stage,
        until_stage=until_stage,
        deploy=not no_deploy,
    )
    finish(record, file_option(file))


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo goes.")] = Path("demo"),
    gpu: Annotated[bool, typer.Option("--gpu", help="Train on this machine's GPU.")] = False,
) -> None:
    """Run everything on 1,797 handwritten digits."""
    from sightline.start.demo import write_demo
    from sightline.targets.local.training_run import run_project

    file = write_demo(folder, gpu=gpu)
    typer.echo(f"Wrote 1,797 images of handwritten digits and {file}.")
    project = load(file)
    for note in project.notes:
        typer.echo(note)
    finish(run_project(project), file_option(file))


def compile_package(
    output: Annotated[Path, typer.Option("--output", "-o", help="Package to write.")] = Path(
        "pipeline.yaml"
    ),
    overrides: Overrides = None,
    target: TargetName = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing: say what would change in the package.")
    ] = False,
    pipeline: PipelineName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Write the pipeline package that a target runs."""
    from sightline.launch.submit import compile_checked
    from sightline.package.diff import package_diff

    if not diff:
        compile_to(output, load(file, overrides, target, chosen(pipeline)))
        return
    if not output.is_file():
        raise UserError(f"{output}: expected a package to compare with; found none. Compile it.")
    with tempfile.TemporaryDirectory(prefix="sightline-") as folder:
        fresh = Path(folder) / output.name
        compile_checked(load(file, overrides, target, chosen(pipeline)), fresh)
        difference = package_diff(output, fresh)
    typer.echo(difference or f"{output} is what would be written.")
    raise typer.Exit(1 if difference else 0)


def compile_to(output: Path, project: "Project") -> None:
    """Write a package and say what was noticed."""
    from sightline.launch.submit import compile_checked
    from sightline.lint import format_findings

    for note in project.notes:
        typer.echo(note)
    compiled = compile_checked(project, output, to_read=True)
    if compiled.warnings:
        typer.echo(format_findings(compiled.warnings), err=True)
    ready = all(finding.severity != "problem" for finding in compiled.warnings)
    typer.echo(f"Wrote {output}{'.' if ready else ', to be read: its target cannot run it yet.'}")
    if not ready:
        raise typer.Exit(2)


def lint_package(
    package: Annotated[
        Path | None, typer.Argument(metavar="PACKAGE", help="Package; the project's unless given.")
    ] = None,
    overrides: Overrides = None,
    target: TargetName = None,
    pipeline: PipelineName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Say what a target would reject or ignore in a package."""
    from sightline.launch.submit import find_problems
    from sightline.lint import format_findings

    if package and pipeline:
        raise UserError(
            f"expected a package or --pipeline; received {package} and {pipeline}. A package is "
            "compiled from one already: leave out --pipeline."
        )
    project = load(file, overrides, target, None if package else chosen(pipeline))
    for note in () if package else project.notes:
        typer.echo(note)
    findings = find_problems(project, package)
    if not findings:
        typer.echo("Nothing found.")
        return
    typer.echo(format_findings(findings))
    raise typer.Exit(2 if any(f.severity == "problem" for f in findings) else 0)


def finish(record: "RunRecord", options: str) -> None:
    """Print what came out of a run and end with its exit code.

    Args:
        record: the run.
        options: what commands about this run need, such as ` --target cluster`, or nothing.
    """
    from sightline.views.summary import summarize

    typer.echo(summarize(record, options=options))
    if record.status == "succeeded":
        raise typer.Exit(0)
    if record.status == "cancelled":
        raise typer.Exit(130)
    raise typer.Exit(2 if record.failed_by_user_error else 1)


def _expect_resume_alone(given: Mapping[str, object]) -> None:
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise UserError(
            "expected --resume alone, because a resumed run keeps its settings; received also "
            f"{', '.join(wrong)}. Remove them, or start a new run without --resume."
        )
