"""`sightline rollback`: make an earlier version of a model folder live again."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sightline.ground.model_folder import FolderError, locked, rolled_back_numbers, version_numbers
from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import (
    LogEntry,
    Version,
    append_log,
    read_log,
    read_version,
    set_aside,
    versions,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What a rollback did."""

    folder: Path
    from_version: int
    to_version: int
    set_aside: list[int]
    """Versions that are out of service now; their files stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """What is in a model folder, and what happened there."""

    folder: Path
    live: Version | None
    versions: list[Version]
    """Those that are or could be live, newest first."""
    rolled_back: list[int]
    history: list[dict[str, Any]]
    """Lines of the log, newest first."""


def rollback(folder: Path, to: int | None = None) -> Rollback:
    """Make the version before the live one, or version `to`, live again.

    Raises:
        FolderError: there is no such version to go back to.
        DataError: its files have changed since it was deployed.
    """
    if not folder.is_dir():
        raise FolderError(
            f"{folder}: expected a model folder, found none. Name the folder that deploy wrote."
        )
    with locked(folder):
        numbers = version_numbers(folder)
        target = choose_target(folder, numbers, to)
        newer = [number for number in numbers if number > target]
        # Looked at before anything moves: a damaged version must not become live.
        read_sound(folder / str(target))
        version = read_version(folder, target)
        set_aside(folder, newer)
        append_log(
            folder,
            LogEntry(
                time=timestamp(),
                action="rollback",
                live=target,
                replaced=numbers[0],
                bundle_digest=version.bundle_digest,
                set_aside=tuple(newer),
            ),
        )
    return Rollback(folder=folder, from_version=numbers[0], to_version=target, set_aside=newer)


def choose_target(folder: Path, numbers: list[int], to: int | None) -> int:
    """Return the version to go back to; `numbers` are those in the folder, newest first.

    Raises:
        FolderError: there is none, or `to` is not older than the live one.
    """
    if not numbers:
        raise FolderError(f"{folder}: expected a live version, found none. Deploy one first.")
    live, earlier = numbers[0], numbers[1:]
    if not earlier:
        raise FolderError(
            f"{folder}: expected a version before the live one ({live}), found none. "
            "Deploy another bundle instead; a folder with one version has nothing to go back to."
        )
    if to is None:
        return earlier[0]
    if to not in earlier:
        listed = ", ".join(map(str, earlier))
        raise FolderError(
            f"{folder}: expected --to to name a version before the live one ({live}): {listed}; "
            f"received {to}."
        )
    return to


def status(folder: Path) -> FolderStatus:
    """Return what is in a model folder; an absent one is empty."""
    found = versions(folder)
    return FolderStatus(
        folder=folder,
        live=found[0] if found else None,
        versions=found,
        rolled_back=rolled_back_numbers(folder),
        history=[asdict(entry) for entry in reversed(read_log(folder))],
    )
