"""Artifacts on disk: fingerprinted once, checked cheaply, shared between runs by hard links."""

import os
import shutil
from pathlib import Path

from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.digests import content_digest, listing_digest
from sightline.ground.storage.files import whole
from sightline.runs.records import ArtifactRecord


def describe(artifact: ArtifactRecord) -> ArtifactRecord:
    """Return the artifact with the digests of what is at its place now."""
    if not is_local(artifact.uri):
        return artifact
    path = Path(artifact.uri)
    digests = {"digest": content_digest(path), "listing": listing_digest(path)}
    return artifact.model_copy(update=digests)


def is_intact(artifact: ArtifactRecord, path: Path) -> bool:
    """Tell whether `path` still holds the artifact, by names, sizes and times of its files."""
    return path.exists() and listing_digest(path) == artifact.listing


def link(source: Path, target: Path) -> None:
    """Give an artifact a second place, whole or not at all, without copying where possible."""
    with whole(target, one_writer=True) as partial:
        if source.is_dir():
            shutil.copytree(source, partial, copy_function=_link_or_copy, symlinks=True)
        else:
            _link_or_copy(str(source), str(partial))


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(source, target)
    return target
