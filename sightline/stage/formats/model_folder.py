"""What is in a model folder and what happened there; numbers are never given twice.

Which folders are versions, and which is live, stands in `sightline.ground.model_folder`. Nothing
here imports TensorFlow.
"""

import errno
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sightline.ground.errors import DataError, one_line
from sightline.ground.model_folder import (
    DAMAGED_PREFIX,
    MARKS,
    ROLLED_BACK_PREFIX,
    live_number,
    rolled_back_numbers,
    taken_numbers,
    version_numbers,
)
from sightline.ground.storage.sealed import SealError, seal, unseal
from sightline.stage.formats.bundle import read_info, read_sound

LOG = "deployments.jsonl"
LOG_SCHEMA = "sightline.deployments"
LOG_VERSION = 1
_COMPLETE = re.compile(rb'\}\s*$|"[0-9a-f]{64}".?$')
"""What ends a line that was written whole, also where its last character has changed since."""
GOLDEN_TOLERANCE = 0.05
"""How far golden answers may differ where the log does not say what deploy allowed: the files are
known to be whole, so only another kind of machine moves them."""
# Cloud Storage FUSE says EMFILE when a folder has files, other mounted buckets the rest.
CANNOT_RENAME = {errno.EMFILE, errno.EXDEV, errno.ENOSYS, errno.ENOTSUP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version that is, or could be, live."""

    number: int
    folder: Path
    bundle_digest: str
    model_sha256: str
    model_name: str
    live_since: str
    """When it last became the live version, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of `deployments.jsonl`."""

    time: str
    action: Literal["deploy", "rollback", "prune", "damaged"]
    live: int
    """The live version afterwards; 0 where none is left."""
    replaced: int | None
    """The live version before; None where there was none."""
    bundle_digest: str
    """Of the live version."""
    set_aside: tuple[int, ...] = ()
    """Versions that a rollback took out, that were damaged, or that pruning removed."""
    tolerance: float | None = None
    """How far a deployed version's golden answers were allowed to differ."""


def live_version(folder: Path) -> Version | None:
    """Return the live version, as TensorFlow Serving chooses it; None if there is none."""
    number = live_number(folder)
    return None if number is None else read_version(folder, number)


def newest_sound(folder: Path) -> tuple[Version | None, dict[int, str]]:
    """Return the newest version whose files are whole, and why each one above it is not."""
    damaged: dict[int, str] = {}
    for number in version_numbers(folder):
        try:
            read_sound(folder / str(number))
        except DataError as error:
            damaged[number] = str(error)
        else:
            return read_version(folder, number), damaged
    return None, damaged


def golden_tolerance(folder: Path, number: int) -> float:
    """Return how far the golden answers of a version may differ: as far as its deployment said."""
    try:
        log = read_log(folder)
    except DataError:
        log = []  # deploy, rollback and verify say so; a whole version answers all the same
    told = [entry.tolerance for entry in log if _deploys(entry, number)]
    return next((one for one in reversed(told) if one is not None), GOLDEN_TOLERANCE)


def _deploys(entry: LogEntry, number: int) -> bool:
    return entry.action == "deploy" and entry.live == number


def versions(folder: Path) -> list[Version]:
    """Return all versions that could be live, newest first."""
    return [read_version(folder, number) for number in version_numbers(folder)]


def read_version(folder: Path, number: int) -> Version:
    """Return what is known about one version.

    Raises:
        DataError: its `bundle.json` is missing or has another schema version.
    """
    place = folder / str(number)
    info = read_info(place)
    since = [entry.time for entry in read_log(folder) if entry.live == number]
    changed = datetime.fromtimestamp(place.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return Version(
        number=number,
        folder=place,
        bundle_digest=info.digest,
        model_sha256=info.model_sha256,
        model_name=info.model_name,
        # A deployment that was killed between its rename and its line in the log has no entry.
        live_since=since[-1] if since else changed,
    )


def next_number(folder: Path) -> int:
    """Return a number that no version of this folder has ever had."""
    logged = [number for entry in read_log(folder) for number in (entry.live, *entry.set_aside)]
    aside = [*rolled_back_numbers(folder), *taken_numbers(folder, DAMAGED_PREFIX)]
    return max([0, *taken_numbers(folder), *aside, *logged]) + 1


def rolled_back_digests(folder: Path) -> dict[str, LogEntry]:
    """Return bundles that were rolled back and not deployed again since, with the rollback."""
    digests: dict[int, str] = {}
    gone: dict[str, LogEntry] = {}
    for entry in read_log(folder):
        if entry.action == "deploy":
            digests[entry.live] = entry.bundle_digest
            gone.pop(entry.bundle_digest, None)
        elif entry.action == "rollback":
            gone.update({digests[n]: entry for n in entry.set_aside if n in digests})
    return gone


def read_log(folder: Path) -> list[LogEntry]:
    """Return what happened in this folder, oldest first.

    Raises:
        DataError: a line is not what was written, or another version of Sightline wrote it.
    """
    path = folder / LOG
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    entries = []
    for number, line in enumerate(lines, start=1):
        if not _COMPLETE.search(line):
            continue  # a line that a killed process did not finish
        try:
            content = unseal(line, required=False)
        except SealError as error:
            raise DataError(
                f"{path}: line {number}: expected a deployment as it was written, received "
                f"something else: {error}. Put back a copy of the file, or remove the line."
            ) from error
        entries.append(_to_entry(path, content))
    return entries


def _to_entry(path: Path, content: Any) -> LogEntry:
    content = content if isinstance(content, dict) else {}
    if (content.pop("schema", None), content.pop("schema_version", None)) != (
        LOG_SCHEMA,
        LOG_VERSION,
    ):
        raise DataError(
            f"{path}: expected lines of {LOG_SCHEMA} version {LOG_VERSION}, received another. "
            "Use the version of Sightline that wrote it, or a new model folder."
        )
    try:
        return LogEntry(**{**content, "set_aside": tuple(content["set_aside"])})
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{path}: expected the fields of a deployment, received others ({one_line(error)}). "
            "Put back a copy of the file, or remove the line."
        ) from error


def append_log(folder: Path, entry: LogEntry) -> None:
    """Append a line to the log."""
    path = folder / LOG
    # The checksum comes last: a line that has one was written to its end.
    marks = {"schema": LOG_SCHEMA, "schema_version": LOG_VERSION}
    line = json.dumps(seal({**marks, **asdict(entry)}))
    before = path.read_bytes() if path.exists() else b""
    torn = bool(before) and not before.endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if torn else "") + line + "\n")


def set_aside(folder: Path, numbers: Sequence[int], prefix: str = ROLLED_BACK_PREFIX) -> None:
    """Take versions out of service, the live one last, so that no version between goes live."""
    for number in sorted(numbers):
        move_version(folder / str(number), folder / f"{prefix}{number}")


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
        for mark in reversed(MARKS):
            (source / mark).unlink(missing_ok=True)
        shutil.rmtree(source)


def copy_version(source: Path, target: Path) -> None:
    """Copy a version's files, those that make it a version last."""
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    for file in sorted(files, key=lambda file: (str(file) in MARKS, file)):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target / file)
