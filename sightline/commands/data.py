"""Commands about labelled images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

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
from sightline.ground.wording import counted

if TYPE_CHECKING:
    from sightline.project.settings import Project
    from sightline.runs.datasets.rows import DatasetRows

MOST_RUNS = 100
"""How far back the run before is looked for."""

data = typer.Typer(name="data", help="Labelled images as tables.", no_args_is_help=True)


@data.callback()
def choose() -> None:
    """Labelled images as tables."""


@data.command()
def export(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="File to write: .csv or .parquet.")
    ],
    run_id: RunId = "latest",
    images: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the images there, too, and name those."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the table.")] = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Write the labels of a run as a table to edit and give back.

    One row per image: label, split, group, slices, and what label check found.
    """
    from sightline.runs.label_table import write_label_table

    if table.exists() and not force:
        raise UserError(
            f"{table}: expected no file here, found one. Use another name, or overwrite it with "
            "--force."
        )
    project = load(file, target=target)
    record = engine_of(project).run(run_id)
    written = write_label_table(record, project.target, table, images=images)
    typer.echo(
        f"Wrote {table}: {written.num_images:,} images of run {record.id}, {written.num_found:,} "
        "with findings. Edit it and give it back in sightline.yaml:"
    )
    settings = {"source": str(table), **written.settings}
    typer.echo(
        "\n".join(["ingest:", *(f'  {name}: "{value}"' for name, value in settings.items())])
    )


@data.command()
def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="Run, or folder of a dataset artifact.")
    ] = "latest",
    after: Annotated[
        str | None,
        typer.Argument(metavar="B", help="A later one; without it, A and the run before."),
    ] = None,
    json_output: Json = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Say which images were added, removed, relabelled or put into another split.

    Images are known by their bytes: another name is no change. Shows how the shares of classes,
    sizes and, of runs, brightness, sharpness and a backbone's features moved, too.
    """
    from sightline.runs.datasets.diff import diff as difference
    from sightline.views import render
    from sightline.views.dataset_diff import diff_view

    project = load(file, target=target)
    if after is None:
        before, after = _run_before(project, before), before
    found = difference(_rows(project, before), _rows(project, after))
    if json_output:
        typer.echo(render.as_json(found.facts()))
    else:
        render.show(diff_view(found))


@data.command()
def freeze(
    run_id: RunId = "latest",
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")
    ] = Path("expected.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Write down what the data of a run are like, to hold later data against it.

    Classes and their shares, modes, brightness, contrast, sharpness, sizes, shapes and features.
    """
    from sightline.runs.datasets.freezing import freeze as write

    if output.exists() and not force:
        raise UserError(
            f"{output}: expected no file here, found one. Use another name, or overwrite it with "
            "--force."
        )
    project = load(file, target=target)
    record = engine_of(project).run(run_id)
    expected = write(record, project.target, output)
    typer.echo(
        f"Wrote {output}: {expected.num_images:,} images and {len(expected.classes):,} classes of "
        f"run {record.id}. Hold later data against it in sightline.yaml:\n"
        f'label_check:\n  expected: "{output}"'
    )


@data.command()
def suspects(
    source: Annotated[str, typer.Argument(metavar="RUN|FILE", help="Run, or a table of suspects.")],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="File of tasks to write, such as tasks.json; for FiftyOne a folder.",
        ),
    ],
    tool: Annotated[
        Literal["label-studio", "fiftyone"], typer.Option("--for", help="Tool to decide in.")
    ] = "label-studio",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files.")] = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Write suspects for a labelling tool, to decide about them there.

    For Label Studio tasks with its labelling configuration beside them, for FiftyOne a folder of
    its own form (FiftyOneDataset). What the tool exports is read as `ingest.corrections`.
    """
    from sightline.runs.datasets.suspects import read_suspects, write_samples, write_tasks

    config = output.with_suffix(".xml")
    is_fiftyone = tool == "fiftyone"
    if is_fiftyone and output.is_file():
        raise UserError(f"{output}: expected the name of a folder, found a file. Use another name.")
    for path in (output / "samples.json",) if is_fiftyone else (output, config):
        if path.exists() and not force:
            raise UserError(
                f"{path}: expected no file here, found one. Use another name, or overwrite it "
                "with --force."
            )
    project = load(file, target=target)
    record = None if Path(source).is_file() else engine_of(project).run(source)
    rows = read_suspects(source, record, project)
    if is_fiftyone:
        num_images = write_samples(rows, output, record, project.target)
        typer.echo(_next_in_fiftyone(output, len(rows), num_images))
        return
    write_tasks(rows, output, config)
    typer.echo(
        f"Wrote {output}: {len(rows):,} tasks, and {config}. Make a project of Label Studio with "
        "that labelling configuration, import the tasks, and name its export in "
        "ingest.corrections."
    )


def _next_in_fiftyone(output: Path, count: int, num_images: int) -> str:
    """Say in the lines to type how samples are decided on and given back."""
    beside = f", and {counted(num_images, 'image')} from elsewhere" if num_images else ""
    dataset_type = "fo.types.FiftyOneDataset"
    decided = str(output.with_name(f"{output.name}-decided"))
    return (
        f"Wrote {output}: {counted(count, 'sample')}{beside}. Open them in Python:\n"
        "import fiftyone as fo\n"
        f"dataset = fo.Dataset.from_dir({str(output)!r}, {dataset_type})\n"
        "session = fo.launch_app(dataset)\n"
        "Tag samples keep, drop or relabel (to what is suggested), or change the label of "
        "ground_truth; then write them and name the folder in ingest.corrections:\n"
        f"dataset.export({decided!r}, {dataset_type}, export_media=False)"
    )


def _rows(project: "Project", text: str) -> "DatasetRows":
    from sightline.runs.datasets.rows import rows_of_folder, rows_of_run

    if (Path(text) / "dataset.json").is_file():
        return rows_of_folder(Path(text), project.target)
    return rows_of_run(engine_of(project).run(text), project.target)


def _run_before(project: "Project", text: str) -> str:
    """Return the run before one, of those that ingested something."""
    from sightline.engines.engine import RunFilter

    engine = engine_of(project)
    run = engine.run(text)
    runs = engine.runs(RunFilter(limit=MOST_RUNS))
    earlier = [one for one in runs if one.started < run.started and one.id != run.id]
    for one in sorted(earlier, key=lambda one: one.started, reverse=True):
        if any("dataset" in task.outputs.artifacts for task in engine.run(one.id).tasks.values()):
            return one.id
    raise UserError(
        f"run {run.name or run.id}: expected an earlier run with a dataset to hold it against, "
        "found none. Name two runs, or folders of datasets: sightline data diff A B."
    )
