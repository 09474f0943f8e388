"""Artifacts on disk: fingerprinted once, checked cheaply, shared between runs by hard links."""

import os
import shutil
from pathlib import Path

from sightline.ground.digests import content_digest, listing_digest
from sightline.runs.records import ArtifactRecord


def is_local(uri: str) -> bool:
    """Tell whether a URI is a path of this machine."""
    return "://" not in uri


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
    partial = target.with_name(f".{target.name}.linking")
    remove(partial)
    partial.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, partial, copy_function=_link_or_copy, symlinks=True)
    else:
        _link_or_copy(str(source), str(partial))
    remove(target)
    partial.rename(target)


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(source, target)
    return target


def remove(path: Path) -> None:
    """Remove a file or folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
