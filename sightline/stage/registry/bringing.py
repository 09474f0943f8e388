"""The live version of a model folder, on this machine, wherever the folder lies."""

import atexit
import shutil
import tempfile
from pathlib import Path

from sightline.ground.storage.addresses import is_local
from sightline.stage import log
from sightline.stage.command import local_path
from sightline.stage.formats.bundle import read_sound
from sightline.stage.formats.model_folder import newest_whole, tell_left
from sightline.stage.registry.log import LOG
from sightline.stage.registry.place import Place
from sightline.stage.registry.places import place_of


def folder_here(address: str) -> Path:
    """Return a model folder on this machine: itself, its mount, or a copy of what is live in it.

    A copy holds the newest version that is whole and the log, and goes with this process.

    Raises:
        UserError: the store cannot be read.
    """
    folder = local_path(address)
    if is_local(address) or address.startswith("file://") or folder.is_dir():
        return folder
    scratch = Path(tempfile.mkdtemp(prefix="sightline-model-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    bring_live(place_of(address), scratch)
    return scratch


def bring_live(place: Place, folder: Path) -> None:
    """Copy the newest version that is whole, and the log, to a folder; nothing where none is."""
    folder.mkdir(parents=True, exist_ok=True)
    if told := place.read(LOG):
        (folder / LOG).write_bytes(told)

    def bring(number: int) -> None:
        with place.here(str(number)) as found:
            read_sound(found)
            shutil.copytree(found, folder / str(number))
        log.event("brought", folder=place.shown, version=number)

    _, damaged = newest_whole(place.versions(), bring)
    tell_left(damaged)
