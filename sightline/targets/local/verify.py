"""Read everything that runs on this machine left, and compare it with what was noted of it."""

from collections.abc import Iterator
from pathlib import Path

from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.digests import content_digest
from sightline.runs.records import ArtifactRecord, RunRecord
from sightline.targets.local.reuse.cache import EntryError, read_entry
from sightline.targets.local.store import list_runs


def damage_below(root: Path) -> Iterator[str]:
    """Yield a line for every run record, artifact and cache entry that is not as it was written.

    A run under way is looked at as far as it has come.
    """
    listing = list_runs(root)
    yield from listing.unreadable.values()
    for run in listing.runs:
        yield from _damaged_artifacts(run)
    for path in sorted((root / "cache").glob("*/[!.]*.json")):
        try:
            read_entry(path)
        except EntryError as error:
            yield f"{error}. The task that it is of runs again; remove the file."


def _damaged_artifacts(run: RunRecord) -> Iterator[str]:
    for task in run.tasks.values():
        for name, artifact in task.outputs.artifacts.items():
            place = run.artifact_path(task.name, name)
            if task.done and (damage := _damage(artifact, place)):
                yield f"{place}: {damage}. Make it again: sightline run --from {task.name}."


def _damage(artifact: ArtifactRecord, place: Path) -> str:
    if artifact.digest is None or not is_local(artifact.uri):
        return ""
    if not place.exists():
        return "expected an artifact, found none"
    if content_digest(place) != artifact.digest:
        return "its content is not what its task wrote"
    return ""
