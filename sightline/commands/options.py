"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.project.settings_file import FILE_NAME

if TYPE_CHECKING:
    from sightline.engines.engine import Engine
    from sightline.project.choice import PipelineChoice
    from sightline.project.settings import Project

DEFAULT_FILE = Path(FILE_NAME)

File = Annotated[
    Path, typer.Option("--file", "-f", metavar="PATH", help="Settings file of the project.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="STAGE.SETTING=VALUE", help="Set one setting; may be repeated."),
]
TargetName = Annotated[
    str | None, typer.Option("--target", metavar="NAME", help="Target of the settings file.")
]
Place = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="PLACE", help="local, vertex or kserve; the project's deploy.target."
    ),
]
PipelineName = Annotated[
    str | None,
    typer.Option(
        "--pipeline", metavar="NAME", help="Pipeline of `pipelines/`; training unless given."
    ),
]
RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="Run id or name, a unique part of an id, or latest.")
]
ModelFolder = Annotated[
    str | None,
    typer.Argument(
        metavar="FOLDER", help="Model folder, here or at gs:// or s3://; the project's if left."
    ),
]


def load(
    file: Path,
    overrides: list[str] | None = None,
    target: str | None = None,
    pipeline: "PipelineChoice | None" = None,
) -> "Project":
    """Read the project that a command is about."""
    from sightline.project.settings import load_project

    return load_project(file, overrides or (), target, pipeline)


def chosen(pipeline: str | None) -> "PipelineChoice":
    """Return the pipeline that a command is about."""
    from sightline.package.pipelines import choose_pipeline
    from sightline.project.choice import TRAINING

    return choose_pipeline(pipeline or TRAINING)


def engine_of(project: "Project") -> "Engine":
    """Return what runs pipelines on the project's target."""
    return project.target.engine(project)
