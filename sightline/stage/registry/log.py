"""What happened in a model folder: a line for each change, each with a checksum."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from sightline.ground.errors import DataError, one_line
from sightline.ground.storage.sealed import SealError, seal, unseal

LOG = "deployments.jsonl"
LOG_SCHEMA = "sightline.deployments"
LOG_VERSION = 1
_COMPLETE = re.compile(rb'\}\s*$|"[0-9a-f]{64}".?$')
"""What ends a line that was written whole, also where its last character has changed since."""
GOLDEN_TOLERANCE = 0.05
"""How far golden answers may differ where the log does not say what deploy allowed: the files are
known to be whole, so only another kind of machine moves them."""
Action = Literal[
    "deploy",
    "rollback",
    "promote",
    "challenge",
    "withdraw",
    "undeploy",
    "delete",
    "prune",
    "damaged",
    "note",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of `deployments.jsonl`."""

    time: str
    action: Action
    live: int
    """The live version afterwards; 0 where none is left."""
    replaced: int | None
    """The live version before; None where there was none."""
    bundle_digest: str
    """Of the live version."""
    set_aside: tuple[int, ...] = ()
    """Versions that a rollback, promotion or `undeploy` took out, that were damaged, deleted or
    pruned."""
    tolerance: float | None = None
    """How far a deployed version's golden answers were allowed to differ."""
    about: int | None = None
    """The version that the line is about, where that is not the live one: a challenger."""
    about_digest: str = ""
    """Digest of its bundle."""
    text: str = ""
    """A note, or why a challenger was taken back."""
    served_by: str = ""
    """Where in a cloud the live version answers, whose requests moved with this change."""


def read_log(folder: Path) -> list[LogEntry]:
    """Return what happened in a folder of this machine, oldest first.

    Raises:
        DataError: as `parse_log`.
    """
    path = folder / LOG
    return parse_log(path.read_bytes() if path.exists() else b"", str(path))


def parse_log(content: bytes, shown: str) -> list[LogEntry]:
    """Return what the lines of a log say, oldest first.

    Raises:
        DataError: a line is not what was written, or another version of Sightline wrote it.
    """
    entries = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not _COMPLETE.search(line):
            continue  # a line that a killed process did not finish
        try:
            found = unseal(line, required=False)
        except SealError as error:
            raise DataError(
                f"{shown}: line {number}: expected a deployment as it was written, received "
                f"something else: {error}. Put back a copy of the file, or remove the line."
            ) from error
        entries.append(_to_entry(shown, found))
    return entries


def _to_entry(shown: str, content: Any) -> LogEntry:
    content = content if isinstance(content, dict) else {}
    if (content.pop("schema", None), content.pop("schema_version", None)) != (
        LOG_SCHEMA,
        LOG_VERSION,
    ):
        raise DataError(
            f"{shown}: expected lines of {LOG_SCHEMA} version {LOG_VERSION}, received another. "
            "Use the version of Sightline that wrote it, or a new model folder."
        )
    try:
        return LogEntry(**{**content, "set_aside": tuple(content["set_aside"])})
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{shown}: expected the fields of a deployment, received others ({one_line(error)}). "
            "Put back a copy of the file, or remove the line."
        ) from error


def with_line(before: bytes, entry: LogEntry) -> bytes:
    """Return what to append to a log so that it has one more line."""
    # The checksum comes last: a line that has one was written to its end. What says nothing is
    # left out, so that earlier versions of Sightline read the lines that they know.
    marks = {"schema": LOG_SCHEMA, "schema_version": LOG_VERSION}
    said = {name: value for name, value in asdict(entry).items() if name not in _unsaid(entry)}
    line = json.dumps(seal({**marks, **said}))
    torn = bool(before) and not before.endswith(b"\n")
    return (("\n" if torn else "") + line + "\n").encode()


def _unsaid(entry: LogEntry) -> set[str]:
    later = ("about", "about_digest", "text", "served_by")
    return {
        one.name
        for one in fields(entry)
        if one.name in later and getattr(entry, one.name) == one.default
    }


def append_log(folder: Path, entry: LogEntry) -> None:
    """Append a line to the log of a folder of this machine."""
    path = folder / LOG
    added = with_line(path.read_bytes() if path.exists() else b"", entry)
    with path.open("ab") as file:
        file.write(added)


def tolerance_of(log: Sequence[LogEntry], number: int) -> float:
    """Return how far the golden answers of a version may differ: as far as its deployment said."""
    told = [entry.tolerance for entry in log if _deployed(entry)[0] == number]
    return next((one for one in reversed(told) if one is not None), GOLDEN_TOLERANCE)


def _deployed(entry: LogEntry) -> tuple[int | None, str]:
    """Return the version that a line says was brought here, and the digest of its bundle."""
    if entry.action == "deploy":
        return entry.live, entry.bundle_digest
    return (entry.about, entry.about_digest) if entry.action == "challenge" else (None, "")


def rolled_back_digests(log: Sequence[LogEntry]) -> dict[str, LogEntry]:
    """Return bundles that were taken out and not put live again since, with the line that says so.

    A challenger that waits, or made room for another one, was not taken out for what it did.
    """
    digests: dict[int, str] = {}
    gone: dict[str, LogEntry] = {}
    for entry in log:
        number, digest = _deployed(entry)
        if number is not None:
            digests[number] = digest
        if entry.action in ("deploy", "promote", "rollback", "challenge"):
            gone.pop(digest or entry.bundle_digest, None)
        if entry.action in ("rollback", "promote"):
            gone.update({digests[n]: entry for n in entry.set_aside if n in digests})
    return gone


def served_by(log: Sequence[LogEntry]) -> str:
    """Return where in a cloud the live version answers; nothing where servers read the folder."""
    moves = ("deploy", "promote", "rollback", "undeploy")
    moved = [one.served_by for one in log if one.action in moves and not one.about]
    return moved[-1] if moved else ""


def live_since(log: Sequence[LogEntry], number: int) -> str | None:
    """Return when a version last became the live one; None where no line says so."""
    since = [entry.time for entry in log if makes_live(entry) and entry.live == number]
    return since[-1] if since else None


def makes_live(entry: LogEntry) -> bool:
    """Tell whether another version than before was live afterwards."""
    return entry.live != entry.replaced


def mentioned(log: Sequence[LogEntry]) -> set[int]:
    """Return every version that has ever been here, as far as lines say."""
    return {
        number
        for entry in log
        for number in (entry.live, *entry.set_aside, entry.about)
        if number is not None
    }
