"""Whether an artifact on this machine is what its task wrote, to the last bit."""

from pathlib import Path

from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.digests import content_digest
from sightline.runs.records import ArtifactRecord


def artifact_damage(artifact: ArtifactRecord, path: Path) -> str:
    """Say what is wrong with an artifact, without a full stop; nothing where it is whole."""
    if artifact.digest is None or not is_local(artifact.uri):
        return ""
    if not path.exists():
        return f"{path}: expected an artifact, found none"
    if content_digest(path) != artifact.digest:
        return f"{path}: its content is not what its task wrote"
    return ""
