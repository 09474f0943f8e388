"""The splits that the newest good run of a project made, for the next run to keep."""

from collections.abc import Iterator
from pathlib import Path

from sightline.ground.run_folders import ASSIGNMENT
from sightline.project.roles import settings_filled_with
from sightline.project.settings import Project
from sightline.runs.records import RunRecord
from sightline.targets.local.store import list_runs


def earlier_splits(project: Project) -> dict[str, str]:
    """Return the parameters that name earlier splits, for settings that the user left empty."""
    empty = _left_empty(project)
    if not empty:
        return {}
    runs = [run for run in list_runs(project.root).runs if run.status == "succeeded"]
    found = {
        f"{stage}_{name}": next((file for run in runs for file in _made_by(run, stage)), None)
        for stage, name in empty
    }
    return {name: str(file) for name, file in found.items() if file}


def unread_splits(project: Project) -> tuple[str, ...]:
    """Say which runs may hold later splits than those that are kept, and cannot be read."""
    if not _left_empty(project):
        return ()
    return tuple(
        f"The splits of run {run} are not kept, since it cannot be read: {reason}"
        for run, reason in list_runs(project.root).unreadable.items()
    )


def _left_empty(project: Project) -> list[tuple[str, str]]:
    return [
        (stage, name)
        for stage, name in settings_filled_with("earlier splits")
        if stage in project.stages and not project.stages[stage].model_dump()[name]
    ]


def _made_by(run: RunRecord, component: str) -> Iterator[Path]:
    for task in run.tasks.values():
        for artifact in task.outputs.artifacts.values():
            file = run.artifact_path(task.name, artifact.name) / ASSIGNMENT
            if task.component == component and file.is_file():
                yield file
