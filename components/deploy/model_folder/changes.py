"""What a deployment does to a model folder: lay out, set aside what is damaged, prune."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.deploy.settings import DeploySettings
from sightline.ground.models.model_folder import (
    DAMAGED_PREFIX,
    REMOVING_PREFIX,
    ROLLED_BACK_PREFIX,
)
from sightline.stage import log
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.clock import timestamp
from sightline.stage.formats.bundle import BundleInfo, check_files
from sightline.stage.registry.changes import set_aside
from sightline.stage.registry.log import LogEntry, rolled_back_digests
from sightline.stage.registry.place import Place
from sightline.stage.registry.registry import Registry
from sightline.stage.timing import writing


def held_back(registry: Registry, info: BundleInfo, settings: DeploySettings) -> str:
    """Say why a bundle may not go live; nothing where it may."""
    taken_back = rolled_back_digests(registry.log).get(info.digest)
    if taken_back is None or settings.redeploy_rolled_back:
        return ""
    return (
        f"This bundle was rolled back on {taken_back.time}. To deploy it all the same, "
        "set deploy.redeploy_rolled_back to true, or promote it: sightline models promote."
    )


def out_of_service(damaged: Mapping[int, str]) -> tuple[str, ...]:
    """Say which damaged versions are set aside, and why."""
    return tuple(f"Set version {number} aside. {reason}" for number, reason in damaged.items())


def take_out_damaged(
    registry: Registry, sound: int | None, digest: str, damaged: Sequence[int]
) -> None:
    """Set aside versions whose files have changed, so that the sound one is live."""
    if not damaged:
        return
    log.event("damaged versions are taken out of service", versions=list(damaged))
    set_aside(registry.place, damaged, DAMAGED_PREFIX)
    registry.note(
        LogEntry(
            time=timestamp(),
            action="damaged",
            live=sound or 0,
            replaced=max(damaged),
            bundle_digest=digest,
            set_aside=tuple(sorted(damaged)),
        )
    )


def lay_out(bundle: Path, info: BundleInfo, staged: Path) -> Path:
    """Copy a bundle to where nothing is yet, laid out as a version, once every file was checked."""
    check_files(bundle, info)
    with writing():
        shutil.copytree(bundle / SAVED_MODEL, staged)
        for path in bundle.iterdir():
            if path.is_file():
                shutil.copy2(path, staged / path.name)
    log.event("staged", files=len(info.files) + 1)
    return staged


def excess(place: Place, numbers: Sequence[int], keep: int) -> dict[int, str]:
    """Return what is beyond the newest `keep` versions, by number, and the folder of each.

    That is older versions, and what was set aside before those that stay. `numbers` are versions
    that come to those in the folder.
    """
    present = sorted({*numbers, *place.versions()}, reverse=True)
    kept, old = present[:keep], present[keep:]
    names = {number: str(number) for number in old}
    for prefix in (ROLLED_BACK_PREFIX, DAMAGED_PREFIX):
        for number in place.taken(prefix):
            if len(kept) == keep and number < kept[-1]:
                names[number] = f"{prefix}{number}"
    return dict(sorted(names.items()))


def prune(place: Place, keep: int) -> tuple[int, ...]:
    """Remove versions beyond the newest `keep`, and what was set aside before them."""
    names = excess(place, [], keep)
    for number, name in names.items():
        # A server must never see a version that is half removed.
        doomed = f"{REMOVING_PREFIX}{number}"
        place.move(name, doomed)
        place.remove(doomed)
    if names:
        Registry(place).note_beside("prune", set_aside=tuple(names))
    return tuple(names)


def remove_leftovers(place: Place) -> None:
    """Remove what killed deployments left; the lock says that none is at work."""
    for name in place.leftovers():
        place.remove(name)
        log.event("removed the rest of a deployment that was killed", folder=name)
