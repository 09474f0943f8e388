"""The folder of runs: creating, finding, listing, and writing `run.json` as a whole."""

import json
import re
import secrets
import string
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sightline.ground.errors import UserError, nearest, one_line
from sightline.ground.run_states import RESUMABLE, LauncherName
from sightline.ground.storage.files import write_whole
from sightline.ground.storage.locks import is_locked, lock_run, wait_while_dying
from sightline.ground.storage.sealed import seal, unseal
from sightline.runs.records import SCHEMA, SCHEMA_VERSION, RunRecord

_LAUNCHER: TypeAdapter[LauncherName] = TypeAdapter(LauncherName)
RECORD_FILE = "run.json"
PACKAGE_FILE = "pipeline.yaml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What a person may call a run."""
_ALPHABET = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("01lo")))


@dataclass(frozen=True, slots=True)
class RunListing:
    """All runs in a folder, newest first, and why some could not be read."""

    runs: list[RunRecord] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def new_run_folder(root: Path, now: datetime) -> Path:
    """Create the folder of a new run, named so that runs sort by time.

    A second that already has a run is skipped: the suffix is random and says nothing of order.
    """
    runs = root / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    while True:
        second = f"{now:%Y%m%d-%H%M%S}"
        if any(runs.glob(f"{second}-*")):
            now += timedelta(seconds=1)
            continue
        suffix = "".join(secrets.choice(_ALPHABET) for _ in range(3))
        folder = runs / f"{second}-{suffix}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


class RunWriter:
    """Writes a run's record whole, from any thread."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._lock = threading.Lock()

    def write(self) -> None:
        """Replace `run.json` by the record as it is now."""
        with self._lock:
            document = seal(self._record.model_dump(mode="json", by_alias=True))
            text = json.dumps(document, indent=2, ensure_ascii=False)
            write_whole(self._record.folder / RECORD_FILE, text + "\n")


def read_run(folder: Path) -> RunRecord:
    """Read the record of a run; one that says running but whose runner died is interrupted.

    Raises:
        UserError: `run.json` is missing, damaged or of another version.
    """
    record = _parse(folder)
    if record.status == "running" and not is_locked(folder):
        record = _parse(folder)  # it may have ended between the two looks
        if record.status == "running":
            _mark_interrupted(record)
    return record


def _parse(folder: Path) -> RunRecord:
    path = folder / RECORD_FILE
    try:
        document: Any = unseal(path.read_bytes(), required=False)
    except FileNotFoundError as error:
        raise UserError(
            f"{folder}: expected the folder of a run, but run.json is missing: the run was killed "
            f"before its first task. {_remedy(folder)}"
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: could not read it ({error}). {_remedy(folder)}") from error
    known = document if isinstance(document, dict) else {}
    found = (known.get("schema"), known.get("schema_version"))
    if found != (SCHEMA, SCHEMA_VERSION):
        raise UserError(
            f"{path}: expected {SCHEMA} version {SCHEMA_VERSION}, received {found[0]} version "
            f"{found[1]}. Read it with the version of Sightline that wrote it, or run again."
        )
    try:
        record = RunRecord.model_validate(document)
        _LAUNCHER.validate_python(record.launcher)
    except ValidationError as error:
        raise UserError(f"{path}: is damaged ({one_line(error)}). {_remedy(folder)}") from error
    record.folder = folder.resolve()
    return record


def _remedy(folder: Path) -> str:
    return f"Remove the run: sightline runs delete {folder.name}"


def _mark_interrupted(record: RunRecord) -> None:
    record.status = "interrupted"
    for task in record.tasks.values():
        if task.status == "running":
            task.status = "cancelled"
            task.message = "its runner was killed"


def list_runs(root: Path) -> RunListing:
    """List the runs under a root, newest first."""
    listing = RunListing()
    for folder in sorted(_folders(root), reverse=True):
        try:
            listing.runs.append(read_run(folder))
        except UserError as error:
            listing.unreadable[folder.name] = str(error)
    return listing


def find_run(root: Path, text: str = "latest") -> RunRecord:
    """Find a run by its id or name, a unique part of its id, or `latest`.

    Raises:
        UserError: no run or several runs are named so.
    """
    names = sorted(folder.name for folder in _folders(root))
    if text in _names(root):
        return read_run(root / "runs" / text)
    if not names:
        raise UserError(f"{root}: there are no runs yet. Start one with `sightline run`.")
    if text == "latest":
        return read_run(root / "runs" / names[-1])
    named = [run for run in list_runs(root).runs if run.name == text]
    if named:
        return named[0]
    matches = [name for name in names if text in name]
    if len(matches) == 1:
        return read_run(root / "runs" / matches[0])
    if matches:
        raise UserError(
            f"{text!r} fits {len(matches)} runs: {', '.join(matches[-5:])}. Give more of the id."
        )
    guess = nearest(text, names)
    hint = f"Did you mean {guess}? " if guess else ""
    raise UserError(
        f"Expected the id of a run, a unique part of it or `latest`; received {text!r}. "
        f"{hint}See `sightline runs`."
    )


def name_run(root: Path, text: str, name: str) -> RunRecord:
    """Give a run a name, by which it is found and for which it is kept; an empty one takes it away.

    Raises:
        UserError: there is no such run, it is under way, or the name cannot be used.
    """
    run = find_run(root, text)
    others = [other for other in list_runs(root).runs if other.id != run.id]
    taken = {"latest", *(other.id for other in others), *(other.name for other in others)}
    if name and (name in taken or not NAME.fullmatch(name)):
        raise UserError(
            f"expected a new name of letters, digits, `.`, `_` and `-`; received {name!r}. "
            "Choose another."
        )
    with closing(lock_run(run.folder)):
        run.name = name or None
        RunWriter(run).write()
    return run


def last_resumable(root: Path) -> RunRecord | None:
    """Return the newest run that did not end well, so that it can be resumed.

    A run that was killed a moment ago counts: what is left of it is waited for.
    """
    for found in list_runs(root).runs:
        run = found
        if found.status == "running":
            wait_while_dying(found.folder)
            run = read_run(found.folder)
        if run.status in RESUMABLE:
            return run
    return None


def _folders(root: Path) -> list[Path]:
    """Return the folders of runs; one without a record was killed before its first task."""
    folders = [root / "runs" / name for name in _names(root)]
    return [folder for folder in folders if (folder / RECORD_FILE).exists()]


def _names(root: Path) -> list[str]:
    runs = root / "runs"
    return [path.name for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
