"""Open a model folder wherever it lies."""

from pathlib import Path

from sightline.ground.errors import SettingsError
from sightline.ground.storage.addresses import Address, is_local, revealed, scheme_of
from sightline.ground.storage.stores import ARTIFACT_SCHEMES
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.place import Place
from sightline.stage.registry.store_place import StorePlace


def place_of(address: str) -> Place:
    """Return the model folder at a path of this machine, or at gs:// or s3://; nothing is read yet.

    Raises:
        SettingsError: it is somewhere else.
    """
    if is_local(address) or address.startswith("file://"):
        return LocalPlace(Path(address.removeprefix("file://")).expanduser())
    shown = Address(revealed(address))
    if scheme_of(shown) not in ARTIFACT_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in ARTIFACT_SCHEMES if scheme)
        raise SettingsError(
            f"{shown}: expected a model folder at a path or at {known}. Name the one that deploy "
            "writes."
        )
    try:
        return StorePlace(shown)
    except ImportError as error:
        raise SettingsError(
            f"{shown}: expected the client of that store ({error.name}); found none. Install it, "
            "or name a folder of this machine."
        ) from error
