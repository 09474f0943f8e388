"""Open a model folder wherever it lies."""

from pathlib import Path

from sightline.ground.errors import SettingsError
from sightline.ground.storage.addresses import is_local
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.place import Place


def place_of(address: str) -> Place:
    """Return the model folder at a path of this machine, or at gs:// or s3://.

    Raises:
        SettingsError: it is somewhere else.
    """
    if is_local(address) or address.startswith("file://"):
        return LocalPlace(Path(address.removeprefix("file://")).expanduser())
    raise SettingsError(f"{address}: expected a model folder at a path.")
