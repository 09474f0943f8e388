"""The splits that the newest good run on a cluster made, for the next run to keep."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sightline.engines.engine import Engine, RunFilter
from sightline.ground.errors import one_line
from sightline.project.settings import Project
from sightline.runs.artifact_store import filesystem_of
from sightline.runs.earlier_splits import below, left_empty, newest_splits
from sightline.runs.records import RunRecord

MOST_RUNS = 20
"""How many runs are looked at, newest first."""


@dataclass(frozen=True, slots=True)
class Found:
    """The parameters that keep earlier splits, and what to tell the user."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""


def find_earlier_splits(project: Project, engine: Engine) -> Found:
    """Look for the newest splits that runs of a project left in a target's store.

    Only where tasks can read all of the store; elsewhere `preprocess.splits_from` says where splits
    lie. What cannot be looked at is told, and stops nothing.
    """
    remote = project.target.remote
    if remote is None or not remote.mounts_store or not left_empty(project):
        return Found()

    def place(run: RunRecord, task: str, artifact: str) -> str | None:
        uri = below(run.tasks[task].outputs.artifacts[artifact].uri)
        filesystem, path = filesystem_of(uri, project.target)
        return uri if filesystem.exists(path) else None

    try:
        found = dict(newest_splits(project, _succeeded(project, engine), place))
    except Exception as error:  # each service and store has exceptions of its own
        settings = " or ".join(".".join(setting) for setting in left_empty(project))
        return Found(
            sentence=f"Splits of earlier runs could not be looked for ({one_line(error)}): images "
            f"may move to another split unless {settings} names them."
        )
    places = ", ".join(found.values())
    return Found(found, f"Images keep the splits of {places}." if found else "")


def _succeeded(project: Project, engine: Engine) -> Iterator[RunRecord]:
    for run in engine.runs(RunFilter(limit=MOST_RUNS, pipeline=project.pipeline.name)):
        if run.status == "succeeded":
            yield engine.run(run.id)
