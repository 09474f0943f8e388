"""Commands about labelled images."""

from pathlib import Path
from typing import Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, RunId, TargetName, engine_of, load
from sightline.ground.errors import UserError

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
