"""What a deployment does to a model folder: stage, rename, set aside what is damaged, prune."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.deploy.settings import DeploySettings
from sightline.ground.errors import SettingsError
from sightline.ground.model_folder import (
    DAMAGED_PREFIX,
    REMOVING_PREFIX,
    ROLLED_BACK_PREFIX,
    STAGING_PREFIX,
    killed_leftovers,
    rolled_back_numbers,
    taken_numbers,
    version_numbers,
)
from sightline.ground.storage.addresses import is_local
from sightline.stage import log
from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo, check_files
from sightline.stage.formats.engine import SAVED_MODEL
from sightline.stage.formats.model_folder import (
    LogEntry,
    Version,
    append_log,
    move_version,
    read_version,
    rolled_back_digests,
    set_aside,
)
from sightline.stage.timing import writing


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


def held_back(folder: Path, info: BundleInfo, settings: DeploySettings) -> str:
    """Say why a bundle may not go live; nothing where it may."""
    taken_back = rolled_back_digests(folder).get(info.digest)
    if taken_back is None or settings.redeploy_rolled_back:
        return ""
    return (
        f"This bundle was rolled back on {taken_back.time}. To deploy it all the same, "
        "set deploy.redeploy_rolled_back to true."
    )


def out_of_service(damaged: Mapping[int, str]) -> tuple[str, ...]:
    """Say which damaged versions are set aside, and why."""
    return tuple(f"Set version {number} aside. {reason}" for number, reason in damaged.items())


def take_out_damaged(folder: Path, sound: Version | None, damaged: Sequence[int]) -> None:
    """Set aside versions whose files have changed, so that the sound one is live."""
    if not damaged:
        return
    log.event("damaged versions are taken out of service", versions=list(damaged))
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
    folder: Path,
    staged: Path,
    number: int,
    info: BundleInfo,
    replaced: int | None,
    tolerance: float,
) -> None:
    """Give a staged version its number: from this moment it is live."""
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


def excess(folder: Path, numbers: Sequence[int], keep: int) -> dict[int, str]:
    """Return what is beyond the newest `keep` versions, by number, and the folder of each.

    That is older versions, and what was set aside before those that stay. `numbers` are versions
    that come to those in the folder.
    """
    present = sorted({*numbers, *version_numbers(folder)}, reverse=True)
    kept, old = present[:keep], present[keep:]
    names = {number: str(number) for number in old}
    aside = {number: ROLLED_BACK_PREFIX for number in rolled_back_numbers(folder)}
    aside |= {number: DAMAGED_PREFIX for number in taken_numbers(folder, DAMAGED_PREFIX)}
    for number, prefix in aside.items():
        if number < kept[-1] and len(kept) == keep:
            names[number] = f"{prefix}{number}"
    return dict(sorted(names.items()))


def prune(folder: Path, keep: int) -> tuple[int, ...]:
    """Remove versions beyond the newest `keep`, and what was set aside before them."""
    names = excess(folder, [], keep)
    for number, name in names.items():
        # A server must never see a version that is half removed.
        doomed = folder / f"{REMOVING_PREFIX}{number}"
        move_version(folder / name, doomed)
        shutil.rmtree(doomed)
    if names:
        live = read_version(folder, version_numbers(folder)[0])
        append_log(
            folder,
            LogEntry(
                time=timestamp(),
                action="prune",
                live=live.number,
                replaced=live.number,
                bundle_digest=live.bundle_digest,
                set_aside=tuple(names),
            ),
        )
    return tuple(names)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed deployments left; the lock says that none is at work."""
    for path in killed_leftovers(folder):
        shutil.rmtree(path)
        log.event("removed the rest of a deployment that was killed", folder=str(path))
