"""Whether what lies in a run's folder is what its tasks wrote, to the last bit."""

from pathlib import Path

from sightline.ground.storage.digests import content_digest
from sightline.runs.damage import artifact_damage
from sightline.runs.records import ArtifactRecord, RunRecord
from sightline.targets.local.artifacts import is_intact
from sightline.targets.local.store import PACKAGE_FILE


def is_whole(artifact: ArtifactRecord, path: Path) -> bool:
    """Tell whether `path` still holds the artifact, by its listing and then by every byte."""
    return is_intact(artifact, path) and not artifact_damage(artifact, path)


def package_damage(run: RunRecord) -> str:
    """Say what is wrong with the package of a run, as `artifact_damage` does."""
    path = run.folder / PACKAGE_FILE
    if run.package is None:  # an earlier version noted nothing
        return ""
    if not path.is_file():
        return f"{path}: expected the package that ran, found none"
    if content_digest(path) != run.package:
        return f"{path}: it is not the package that ran"
    return ""
