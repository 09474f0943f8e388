"""The live version of a model folder, on this machine, wherever the folder lies."""

import atexit
import shutil
import tempfile
from pathlib import Path

from sightline.ground.models.model_folder import version_numbers, wanted_version
from sightline.ground.storage.addresses import is_local
from sightline.stage import log
from sightline.stage.command import local_path
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import newest_whole, none_whole, tell_left
from sightline.stage.registry.log import LOG
from sightline.stage.registry.place import Place
from sightline.stage.registry.places import place_of


def folder_here(address: str, version: int | None = None) -> Path:
    """Return a model folder on this machine: itself, its mount, or a copy of what is live in it.

    A copy holds the newest version that is whole, or the one that is asked for, and the log, and
    goes with this process.

    Raises:
        UserError: the store cannot be read, or holds no such version.
    """
    folder = local_path(address)
    if is_local(address) or address.startswith("file://") or folder.is_dir():
        return folder
    scratch = Path(tempfile.mkdtemp(prefix="sightline-model-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    bring_live(place_of(address), scratch, version)
    return scratch


def version_here(address: str, version: int | None = None) -> Path:
    """Return a folder of this machine that has the live version of a model folder, or `version`.

    Raises:
        UserError: the store cannot be read.
        FolderError: there is no version, or not this one.
    """
    folder = folder_here(address, version)
    wanted_version(version, version_numbers(folder), address)
    return folder


def bring_live(place: Place, folder: Path, version: int | None = None) -> None:
    """Copy the newest version that is whole, or `version`, and the log, to a folder.

    No version is copied where there is none.

    Raises:
        DataError: there are versions, and each is damaged, or the one that is asked for is.
        FolderError: it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if told := place.read(LOG):
        (folder / LOG).write_bytes(told)

    def bring(number: int) -> None:
        with place.here(str(number)) as found:
            read_sound(found)
            shutil.copytree(found, folder / str(number))
        log.event("brought", folder=place.shown, version=number)

    numbers = place.versions()
    if version is not None:
        wanted_version(version, numbers, place.shown)
        numbers = [version]
    found, damaged = newest_whole(numbers, bring)
    if damaged and found is None:
        raise none_whole(place.shown, damaged)
    tell_left(damaged)
