"""Remove what was planned, under the locks of those who might use it."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.models.model_folder import locked
from sightline.ground.storage.files import remove
from sightline.ground.storage.locks import RUN_LOCK, hold_soon
from sightline.runs.records import RunRecord
from sightline.targets.local.cleaning.leftovers import (
    half_written,
    killed_deployments,
    never_begun,
    run_folders,
)
from sightline.targets.local.cleaning.plan import Cleaning, is_stale
from sightline.targets.local.store import RECORD_FILE, read_run


def clean(cleaning: Cleaning) -> Iterator[str]:
    """Remove what was planned; yield a sentence for each run that has changed since and stays.

    A cleaning that is killed leaves what the next one removes.
    """
    root = cleaning.root
    for run in cleaning.runs:
        if not _remove_run(run.folder, run):
            yield f"{run.id} stays: it was changed or resumed meanwhile."
    for folder in cleaning.unreadable:
        if not _remove_run(folder):
            yield f"{folder.name} stays: it is under way."
    there = {folder.name for folder in run_folders(root)}
    for entry in cleaning.entries:
        if is_stale(entry, there):
            entry.unlink(missing_ok=True)
    _remove_half_written(root, set(cleaning.half_written))
    for path in cleaning.machine_cache:
        remove(path)
    for folder in set(cleaning.never_begun) & set(never_begun(root)):
        remove(folder)
    for models, left in cleaning.deployments.items():
        with locked(models):
            for path in set(left) & set(killed_deployments(models)):
                remove(path)


def _remove_run(folder: Path, planned: RunRecord | None = None) -> bool:
    lock = hold_soon(folder / RUN_LOCK)
    if lock is None:
        return False
    with closing(lock):
        with suppress(UserError):
            now = read_run(folder)
            if planned and (now.finished, now.name) != (planned.finished, planned.name):
                return False
        # Without its record it is no run any more, whatever ends this process from here on.
        (folder / RECORD_FILE).unlink(missing_ok=True)
        remove(folder)
    return True


def _remove_half_written(root: Path, planned: set[Path]) -> None:
    for run in run_folders(root):
        if not any(path.is_relative_to(run) for path in planned):
            continue
        if (lock := hold_soon(run / RUN_LOCK)) is None:
            continue
        with closing(lock):
            for path in planned:
                if path.is_relative_to(run):
                    remove(path)
    for path in planned & set(half_written(root)):
        remove(path)
