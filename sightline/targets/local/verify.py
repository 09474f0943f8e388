"""Read everything that runs on this machine left, and compare it with what was noted of it."""

from collections.abc import Iterator
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.runs.damage import artifact_damage
from sightline.runs.records import RunRecord
from sightline.targets.local.intact import package_damage
from sightline.targets.local.reuse.cache import EntryError, read_entry
from sightline.targets.local.store import list_runs


def damage_below(root: Path) -> Iterator[str]:
    """Yield a line for all that is not as it was written: runs, artifacts, schedules, cache.

    Left out is what nothing reads again: logs, `parameters/`, whose values are in the run's record,
    and copies of pages, which lie among the artifacts. A run under way is looked at as far as it
    has come.
    """
    listing = list_runs(root)
    yield from listing.unreadable.values()
    for run in listing.runs:
        yield from _damaged_artifacts(run)
        if damage := package_damage(run):
            yield f"{damage}. The run cannot be resumed; start a new one with `sightline run`."
    if (root / "schedules.sqlite").is_file():
        # The database library takes a quarter of a second, and most projects have no schedules.
        from sightline.targets.local.schedules.store import Store

        try:
            yield from Store(root).damage()
        except UserError as error:
            yield str(error)
    for path in sorted((root / "cache").glob("*/[!.]*.json")):
        try:
            read_entry(path)
        except EntryError as error:
            yield f"{error}. The task that it is of runs again; remove the file."


def _damaged_artifacts(run: RunRecord) -> Iterator[str]:
    for task in run.tasks.values():
        for name, artifact in task.outputs.artifacts.items():
            place = run.artifact_path(task.name, name)
            if task.done and (damage := artifact_damage(artifact, place)):
                yield f"{damage}. Make it again: sightline run --from {task.name}."
