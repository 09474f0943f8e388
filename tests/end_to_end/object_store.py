"""Object stores as folders of this machine, and what a copy through one keeps."""

import shutil
from pathlib import Path

MOUNTS = {"gs://": "/gcs/", "minio://": "/minio/", "s3://": "/s3/"}
"""Where clusters mount object stores, or make folders that look like it."""


def below(root: Path, uri: str) -> Path:
    """Where an address is, below the folder that has all object stores."""
    for scheme, mount in MOUNTS.items():
        if uri.startswith(scheme):
            return root / mount.strip("/") / uri.removeprefix(scheme)
    raise ValueError(f"no object store: {uri}")


def open_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, for any user to write to."""
    missing = [place for place in (path, *path.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir()
        place.chmod(0o777)
    return path


def copy(source: Path, target: Path) -> None:
    """Copy as through an object store: files only, for it knows no folders and no modes."""
    if source == target:
        return
    for file in files_of(source):
        place = target / file.relative_to(source)
        open_folder(place.parent)
        shutil.copyfile(file, place)


def files_of(place: Path) -> list[Path]:
    """The files of an artifact, which is a file or a folder."""
    return [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]
