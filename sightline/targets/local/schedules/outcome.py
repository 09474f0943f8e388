"""What became of a scheduled run: its id in the project, and how it ended."""

import signal
from datetime import datetime, timedelta
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.run_states import RunStatus
from sightline.ground.storage.locks import RUN_LOCK
from sightline.targets.local.store import find_run

# 130 is what `sightline run` ends with; the others die before it listens.
_CANCELLED = {130, -signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP}
_CLOCK_SLACK = timedelta(seconds=2)


def run_id_of(root: Path, process: int, started: datetime) -> str | None:
    """Return the id of the project's run that a process made.

    Runs note their process in their lock file, so that a run that a person starts meanwhile is
    not taken for it.
    """
    earliest = f"{started - _CLOCK_SLACK:%Y%m%d-%H%M%S}"
    for folder in sorted((root / "runs").glob("*"), reverse=True):
        if folder.name < earliest:
            break
        if _owner(folder) == process:
            return folder.name
    return None


def result_of(root: Path, run_id: str | None, exit_code: int | None) -> RunStatus:
    """Say how a run ended: by its record, or by its exit code where it left none."""
    if run_id is not None:
        try:
            status = find_run(root, run_id).status
        except UserError:
            pass  # killed before it wrote a record
        else:
            # Its process is gone, and what it left is being ended.
            return "interrupted" if status == "running" else status
    if exit_code in _CANCELLED:
        return "cancelled"
    if exit_code is None or exit_code < 0:
        return "interrupted"
    return "succeeded" if exit_code == 0 else "failed"


def _owner(folder: Path) -> int | None:
    try:
        return int((folder / RUN_LOCK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
