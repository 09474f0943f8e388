"""What the tasks of a run say."""

from typing import TYPE_CHECKING, Annotated

import typer

from sightline.commands.options import DEFAULT_FILE, File, RunId, TargetName, engine_of, load
from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from sightline.engines.engine import Engine
    from sightline.runs.records import RunRecord


def logs(
    run_id: RunId = "latest",
    stage: Annotated[
        str | None, typer.Argument(metavar="STAGE", help="One stage; all unless given.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with new lines until the run has ended.")
    ] = False,
    target: TargetName = None,
    file: File = DEFAULT_FILE,
) -> None:
    """Print what the stages of a run logged. A stage alone means the latest run's.

    On a cluster a stage's log is read from the store of the run, once the stage has ended.
    """
    from sightline.runs.artifact_store import read_all
    from sightline.views.logs import log_lines

    project = load(file, target=target)
    engine, cluster = engine_of(project), project.target.remote
    record, stage = _meant(engine, run_id, stage)
    again = (lambda: engine.run(record.id)) if follow else None
    command = cluster.logs_command(record.id) if cluster else ""

    def fetch(uri: str) -> bytes:
        return read_all([uri], project.target).get(uri, b"")

    for line in log_lines(record, stage, again, fetch=fetch, command=command):
        typer.echo(line)


def _meant(engine: "Engine", run_id: str, stage: str | None) -> "tuple[RunRecord, str | None]":
    """Return the run and the stage that two words mean, of which the first may be a stage."""
    try:
        return engine.run(run_id), stage
    except UserError:
        if stage is not None or run_id == "latest":
            raise
        latest = engine.run("latest")
        if run_id.replace("_", "-") not in latest.tasks:
            raise
        return latest, run_id
