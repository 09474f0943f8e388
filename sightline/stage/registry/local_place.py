"""A model folder on this machine, or on a file system that is mounted here."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sightline.ground.models.model_folder import (
    MARKS,
    STAGING_PREFIX,
    UNFINISHED,
    folder_names,
    in_order,
    killed_leftovers,
    locked,
)
from sightline.stage.registry.canary import end_old_order
from sightline.stage.registry.place import Place

# Cloud Storage FUSE says EMFILE when a folder has files, other mounted buckets the rest.
CANNOT_RENAME = {errno.EMFILE, errno.EXDEV, errno.ENOSYS, errno.ENOTSUP}


class LocalPlace(Place):
    """Names change by renaming: one step of the file system."""

    def __init__(self, folder: Path) -> None:
        """Know the folder; it need not be there."""
        self.folder = folder
        self.shown = str(folder)

    def exists(self) -> bool:
        return self.folder.is_dir()

    def folders(self) -> list[str]:
        return folder_names(self.folder)

    def has(self, file: str) -> bool:
        return (self.folder / file).is_file()

    def read(self, file: str) -> bytes:
        path = self.folder / file
        return path.read_bytes() if path.exists() else b""

    def append(self, file: str, content: bytes) -> None:
        with (self.folder / file).open("ab") as stream:
            stream.write(content)

    def changed(self, name: str) -> str:
        changed = (self.folder / name).stat().st_mtime
        return datetime.fromtimestamp(changed, UTC).isoformat(timespec="seconds")

    @contextmanager
    def held(self) -> Iterator[None]:
        with locked(self.folder):
            yield
            end_old_order(self.folder)

    @contextmanager
    def here(self, name: str) -> Iterator[Path]:
        yield self.folder / name

    @contextmanager
    def staging(self) -> Iterator[Path]:
        staged = self.folder / f"{STAGING_PREFIX}{os.getpid()}"
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def put(self, staged: Path, name: str) -> None:
        move_version(staged, self.folder / name)

    def move(self, name: str, to: str) -> None:
        move_version(self.folder / name, self.folder / to)

    def remove(self, name: str) -> None:
        remove_version(self.folder / name)

    def leftovers(self) -> list[str]:
        return [path.name for path in killed_leftovers(self.folder)]


def move_version(source: Path, target: Path) -> None:
    """Rename a version's folder, so that it appears or disappears at once.

    A mounted bucket has no rename of folders. There the files are copied, and those that make a
    folder a version come last and go first: a server sees a whole version or none.
    """
    try:
        source.rename(target)
    except OSError as error:
        if error.errno not in CANNOT_RENAME:
            raise
        try:
            copy_version(source, target)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        (source / UNFINISHED).touch()
        for mark in MARKS:
            (source / mark).unlink(missing_ok=True)
        remove_version(source)


def copy_version(source: Path, target: Path) -> None:
    """Copy a version's files, those that make it a version last."""
    target.mkdir(parents=True, exist_ok=True)
    (target / UNFINISHED).touch()
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    for file in in_order(map(str, files)):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target / file)
    (target / UNFINISHED).unlink()


def remove_version(folder: Path) -> None:
    """Remove a folder, and last of all its mark: whoever is killed leaves what is known as ours."""
    # What a link points at is somebody's; rmtree refuses it.
    for path in () if folder.is_symlink() else folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != UNFINISHED:
            path.unlink()
    shutil.rmtree(folder)
