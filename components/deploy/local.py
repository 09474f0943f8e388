"""Deploy into a model folder on this machine: stage, test, rename."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from components.deploy.settings import DeploySettings
from components.deploy.smoke import SmokeTest, smoke_test
from sightline.ground.errors import SettingsError
from sightline.ground.model_folder import (
    DAMAGED_PREFIX,
    REMOVING_PREFIX,
    ROLLED_BACK_PREFIX,
    STAGING_PREFIX,
    killed_leftovers,
    locked,
    rolled_back_numbers,
    taken_numbers,
    version_numbers,
)
from sightline.ground.storage.addresses import is_local
from sightline.stage import log
from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo, check_files, read_info
from sightline.stage.formats.engine import SAVED_MODEL
from sightline.stage.formats.model_folder import (
    LogEntry,
    Version,
    append_log,
    move_version,
    newest_sound,
    next_number,
    read_version,
    rolled_back_digests,
    set_aside,
)
from sightline.stage.timing import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a deployment did to the model folder."""

    live: Version | None
    """The live version afterwards."""
    replaced: int | None
    changed: bool
    held_back: str
    """Why the bundle did not go live; empty if it did or was live before."""
    smoke: SmokeTest | None
    """None where nothing had to be tested."""
    removed: tuple[int, ...] = ()
    damaged: tuple[int, ...] = ()
    """Versions that were taken out of service because their files had changed."""


def local_folder(text: str) -> Path:
    """Return the model folder that the setting names.

    Raises:
        SettingsError: it is not on this machine.
    """
    if not is_local(text) and not text.startswith("file://"):
        raise SettingsError(
            f"deploy: `folder`: expected a folder on this machine for target local; received "
            f"{text!r}. Give a path: an object store has no rename that switches versions at once."
        )
    return Path(text.removeprefix("file://")).expanduser()


def put_live(bundle: Path, folder: Path, settings: DeploySettings) -> Outcome:
    """Make the bundle the live version of the folder, unless it is or was taken back.

    A live version whose files have changed since its deployment is set aside first, so that the
    one before is live again, and the bundle is deployed also where it was that version.

    Raises:
        DataError: the bundle is damaged or fails its smoke test; the live version stays.
        FolderError: another process keeps the folder locked.
    """
    info = read_info(bundle)
    with locked(folder):
        remove_leftovers(folder)
        before, damaged = take_out_damaged(folder)
        replaced = before.number if before else None
        held_back = _held_back(folder, before, info, settings)
        if held_back is not None:
            return Outcome(
                live=before,
                replaced=None,
                changed=False,
                held_back=held_back,
                smoke=None,
                damaged=damaged,
            )
        staged = stage(bundle, info, folder)
        try:
            smoke = smoke_test(staged, settings.smoke_tolerance)
        except BaseException:
            shutil.rmtree(staged)
            raise
        number = switch(folder, staged, info, replaced, settings.smoke_tolerance)
        removed = prune(folder, settings.keep_versions)
        live = read_version(folder, number)
    return Outcome(
        live=live,
        replaced=replaced,
        changed=True,
        held_back="",
        smoke=smoke,
        removed=removed,
        damaged=damaged,
    )


def _held_back(
    folder: Path, before: Version | None, info: BundleInfo, settings: DeploySettings
) -> str | None:
    """Say why a bundle does not go live: nothing to say where it is live, None where it may."""
    if before is not None and before.bundle_digest == info.digest:
        return ""
    taken_back = rolled_back_digests(folder).get(info.digest)
    if taken_back is None or settings.redeploy_rolled_back:
        return None
    return (
        f"This bundle was rolled back on {taken_back.time}. To deploy it all the same, "
        "set deploy.redeploy_rolled_back to true."
    )


def take_out_damaged(folder: Path) -> tuple[Version | None, tuple[int, ...]]:
    """Set aside live versions whose files have changed; return the live one and their numbers."""
    sound, damaged = newest_sound(folder)
    for number, reason in damaged.items():
        log.event("a damaged version is taken out of service", version=number, reason=reason)
    if damaged:
        set_aside(folder, list(damaged), DAMAGED_PREFIX)
        append_log(
            folder,
            LogEntry(
                time=timestamp(),
                action="damaged",
                live=sound.number if sound else 0,
                replaced=max(damaged),
                bundle_digest=sound.bundle_digest if sound else "",
                set_aside=tuple(sorted(damaged)),
            ),
        )
    return sound, tuple(sorted(damaged))


def stage(bundle: Path, info: BundleInfo, folder: Path) -> Path:
    """Copy a bundle into a hidden place of the folder, laid out as a version; check every file."""
    check_files(bundle, info)
    staged = folder / f"{STAGING_PREFIX}{os.getpid()}"
    with writing():
        shutil.copytree(bundle / SAVED_MODEL, staged)
        for path in bundle.iterdir():
            if path.is_file():
                shutil.copy2(path, staged / path.name)
    log.event("staged", folder=str(folder), files=len(info.files) + 1)
    return staged


def switch(
    folder: Path, staged: Path, info: BundleInfo, replaced: int | None, tolerance: float
) -> int:
    """Give a staged version its number: from this moment it is live."""
    number = next_number(folder)
    move_version(staged, folder / str(number))
    append_log(
        folder,
        LogEntry(
            time=timestamp(),
            action="deploy",
            live=number,
            replaced=replaced,
            bundle_digest=info.digest,
            tolerance=tolerance,
        ),
    )
    log.event("switched", version=number, replaced=replaced)
    return number


def prune(folder: Path, keep: int) -> tuple[int, ...]:
    """Remove versions beyond the newest `keep`, and what was set aside before them."""
    numbers = version_numbers(folder)
    kept, excess = numbers[:keep], numbers[keep:]
    names = {number: str(number) for number in excess}
    aside = {number: ROLLED_BACK_PREFIX for number in rolled_back_numbers(folder)}
    aside |= {number: DAMAGED_PREFIX for number in taken_numbers(folder, DAMAGED_PREFIX)}
    for number, prefix in aside.items():
        if number < kept[-1] and len(kept) == keep:
            names[number] = f"{prefix}{number}"
    for number, name in names.items():
        # A server must never see a version that is half removed.
        doomed = folder / f"{REMOVING_PREFIX}{number}"
        move_version(folder / name, doomed)
        shutil.rmtree(doomed)
    if names:
        live = read_version(folder, kept[0])
        append_log(
            folder,
            LogEntry(
                time=timestamp(),
                action="prune",
                live=live.number,
                replaced=live.number,
                bundle_digest=live.bundle_digest,
                set_aside=tuple(sorted(names)),
            ),
        )
    return tuple(sorted(names))


def remove_leftovers(folder: Path) -> None:
    """Remove what killed deployments left; the lock says that none is at work."""
    for path in killed_leftovers(folder):
        shutil.rmtree(path)
        log.event("removed the rest of a deployment that was killed", folder=str(path))
