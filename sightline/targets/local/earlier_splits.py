"""The splits that the newest good run of a project made, for the next run to keep."""

from pathlib import Path

from sightline.project.settings import Project
from sightline.runs.earlier_splits import below, left_empty, newest_splits
from sightline.runs.records import RunRecord
from sightline.targets.local.store import RunListing


def earlier_splits(project: Project, there: RunListing) -> dict[str, str]:
    """Return the parameters that name earlier splits, for settings that the user left empty."""
    runs = (run for run in there.runs if run.status == "succeeded")
    return dict(newest_splits(project, runs, _place))


def unread_splits(project: Project, there: RunListing) -> tuple[str, ...]:
    """Say which runs may hold later splits than those that are kept, and cannot be read."""
    if not left_empty(project):
        return ()
    return tuple(
        f"The splits of run {run} are not kept, since it cannot be read: {reason}"
        for run, reason in there.unreadable.items()
    )


def _place(run: RunRecord, task: str, artifact: str) -> str | None:
    file = below(str(run.artifact_path(task, artifact)))
    return file if Path(file).is_file() else None
