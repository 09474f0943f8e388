"""What killed processes left in a project's folder, told by locks and process numbers."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sightline.ground.models.model_folder import DAMAGED_PREFIX, killed_leftovers, taken_numbers
from sightline.ground.storage.locks import RUN_LOCK, is_locked, lives
from sightline.ground.storage.partial import is_partial, partial_writer
from sightline.targets.local.store import RECORD_FILE

UNBORN_SECONDS = 60.0
"""How old a run's folder without a lock must be: its runner may be about to take one."""


def half_written(root: Path) -> Iterator[Path]:
    """Yield what nobody writes any more: partial files and folders of runs, cache and packages."""
    for run in run_folders(root):
        if not is_locked(run):
            yield from _partial(run)
    for folder in (root, *(root / "cache").glob("*")):
        for path in folder.glob(".*.partial*"):
            writer = partial_writer(path.name)
            if writer is not None and not lives(writer):
                yield path


def never_begun(root: Path) -> Iterator[Path]:
    """Yield the folders of runs that were killed before they had a record."""
    for run in run_folders(root):
        if (run / RECORD_FILE).exists() or is_locked(run):
            continue
        age = time.time() - run.stat().st_mtime
        if (run / RUN_LOCK).exists() or age > UNBORN_SECONDS:
            yield run


def killed_deployments(models: Path) -> Iterator[Path]:
    """Yield what killed deployments left in a model folder, and its versions known as damaged.

    A version that is being staged looks the same: hold the folder's lock, and ask again.
    """
    yield from killed_leftovers(models)
    yield from (models / f"{DAMAGED_PREFIX}{n}" for n in taken_numbers(models, DAMAGED_PREFIX))


def run_folders(root: Path) -> list[Path]:
    """Return the folders of runs that lie here; a link to elsewhere is none of them."""
    runs = root / "runs"
    found = runs.iterdir() if runs.is_dir() and not runs.is_symlink() else ()
    return sorted(path for path in found if path.is_dir() and not path.is_symlink())


def _partial(run: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(run):
        for name in (*folders, *files):
            if is_partial(name):
                yield Path(folder, name)
        folders[:] = [name for name in folders if not is_partial(name)]
