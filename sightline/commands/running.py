"""Commands that make settings, packages and runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sightline.commands.options import (
    DEFAULT_FILE,
    File,
    Overrides,
    TargetName,
    file_option,
    load,
)
from sightline.platform.errors import UserError

if TYPE_CHECKING:
    from sightline.platform.local.records import RunRecord


def init(
    photos: Annotated[
        str,
        typer.Argument(metavar="PHOTOS", help="Folder, CSV, JSONL, zip or tar with the images."),
    ],
    weights: Annotated[
        str | None, typer.Option(help="File or URI of pretrained weights, without a top.")
    ] = None,
    file: File = DEFAULT_FILE,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Look at labelled images and write settings for them."""
    from sightline.platform.init import init_project

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
        Literal["inline", "process", "docker"] | None,
        typer.Option(help="How tasks start; inline is for a debugger."),
    ] = None,
    target: TargetName = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Run every task again.")] = False,
    from_stage: Annotated[
        str | None, typer.Option("--from", metavar="STAGE", help="Run this and what follows again.")
    ] = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Run the pipeline here, from images to a live model."""
    from sightline.platform.training_run import resume_project, run_project

    if resume:
        _expect_resume_alone(overrides, launcher, target, no_cache, from_stage)
        finish(resume_project(load(file), run_id or "latest"), file)
    if run_id is not None:
        raise UserError(f"expected --resume before a run id; received only {run_id!r}. Add it.")
    project = load(file, overrides)
    for note in project.notes:
        typer.echo(note)
    record = run_project(
        project, launcher=launcher, target=target, cache=not no_cache, from_stage=from_stage
    )
    finish(record, file)


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo goes.")] = Path("demo"),
) -> None:
    """Run everything on 1,797 handwritten digits."""
    from sightline.platform.demo import write_demo
    from sightline.platform.training_run import run_project

    file = write_demo(folder)
    typer.echo(f"Wrote 1,797 images of handwritten digits and {file}.")
    project = load(file)
    for note in project.notes:
        typer.echo(note)
    finish(run_project(project), file)


def compile_package(
    output: Annotated[Path, typer.Option("--output", "-o", help="Package to write.")] = Path(
        "pipeline.yaml"
    ),
    overrides: Overrides = None,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Write the pipeline package that targets run."""
    from sightline.platform.compile import compile_project

    project = load(file, overrides)
    project.target(target)
    for note in compile_project(project, output):
        typer.echo(note)
    typer.echo(f"Wrote {output}.")


def finish(record: "RunRecord", file: Path) -> None:
    """Print what came out of a run and end with its exit code."""
    from sightline.platform.summary import summarize

    typer.echo(summarize(record, file_option=file_option(file)))
    if record.status == "succeeded":
        raise typer.Exit(0)
    if record.status == "cancelled":
        raise typer.Exit(130)
    raise typer.Exit(2 if record.failed_by_user_error else 1)


def _expect_resume_alone(
    overrides: list[str] | None,
    launcher: str | None,
    target: str | None,
    no_cache: bool,
    from_stage: str | None,
) -> None:
    given = {
        "--set": overrides,
        "--launcher": launcher,
        "--target": target,
        "--no-cache": no_cache,
        "--from": from_stage,
    }
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise UserError(
            "expected --resume alone, because a resumed run keeps its settings; received also "
            f"{', '.join(wrong)}. Remove them, or start a new run without --resume."
        )
