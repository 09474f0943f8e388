"""The weights that a machine keeps by their hash, and those that Keras has fetched before."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.ground.backbones.table import BACKBONES
from sightline.ground.errors import DataError
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.machine_cache import MachineCache, cache_folder
from sightline.ground.storage.sealed import SealError, seal, unseal

DOCUMENT = "weights.json"
LICENCE_FILE = "LICENSE"
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class KeptWeights:
    """Weights of a backbone that this machine has."""

    backbone: str
    path: Path
    sha256: str
    """Empty of what Keras keeps, which holds it against a hash of its own."""
    licence: str
    source: str
    added: str = ""
    """When they were kept, as ISO 8601 in UTC."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    @property
    def used(self) -> float:
        """When they were used last, in seconds since 1970."""
        return (self.path.parent if self.sha256 else self.path).stat().st_mtime


class WeightsStore:
    """The part of a machine's cache that holds weights. It removes nothing by itself."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Find the machine's cache."""
        folder = cache_folder(environment)
        # What someone added by hand cannot be made again, so nothing has to go.
        self._cache = MachineCache(folder and folder / "weights", sys.maxsize)

    def all(self) -> list[KeptWeights]:
        """Return what is kept, by name, those added last first."""
        folder = self._cache.folder
        entries = sorted(folder.glob(f"[!.]*/{DOCUMENT}")) if folder else []
        kept = [one for path in entries if (one := _read(path)) is not None]
        kept.sort(key=lambda one: one.added, reverse=True)
        return sorted(kept, key=lambda one: one.backbone)

    def look(self, backbone: str) -> KeptWeights | None:
        """Return the weights of a backbone that were added last, without reading them."""
        return next((one for one in self.all() if one.backbone == backbone), None)

    def take(self, backbone: str) -> KeptWeights | None:
        """Return them, for use: they count as used now.

        Raises:
            DataError: the file is not what was kept.
        """
        kept = self.look(backbone)
        if kept is None:
            return None
        found = content_digest(kept.path) if kept.path.is_file() else "no file"
        if found != kept.sha256:
            raise DataError(
                f"{kept.path}: expected the weights of {backbone} with SHA-256 "
                f"{kept.sha256[:12]}; received {found[:12]}. Remove them with `sightline weights "
                f"remove {backbone}`, then fetch or add them again."
            )
        self._cache.find(kept.sha256)
        return kept

    def keep(
        self,
        path: Path,
        backbone: str,
        *,
        licence: str,
        source: str,
        added: str,
        licence_text: str = "",
    ) -> KeptWeights | None:
        """Copy a file of weights here; None where this machine has no cache to write to."""
        document = {
            "backbone": backbone,
            "file": path.name,
            "sha256": content_digest(path),
            "licence": licence,
            "source": source,
            "added": added,
        }

        def write(folder: Path) -> None:
            folder.mkdir()
            shutil.copyfile(path, folder / path.name)
            (folder / DOCUMENT).write_text(json.dumps(seal(document), indent=1), "utf-8")
            if licence_text:
                (folder / LICENCE_FILE).write_text(licence_text, "utf-8")

        key = str(document["sha256"])
        if self._cache.folder is None or not self._cache.keep(key, write):
            return None
        return _read(self._cache.folder / key / DOCUMENT)

    def remove(self, kept: KeptWeights) -> None:
        """Remove weights."""
        self._cache.forget(kept.sha256)


def weights_of_keras(environment: Mapping[str, str]) -> dict[str, KeptWeights]:
    """Return what Keras has fetched before, by backbone."""
    folder = keras_folder(environment)
    return {
        one.name: KeptWeights(one.name, folder / one.keras_file, "", one.licence, one.source)
        for one in BACKBONES.values()
        if folder and one.keras_file and (folder / one.keras_file).is_file()
    }


def weights_of_packages() -> dict[str, KeptWeights]:
    """Return what installed packages bring with their backbones, by backbone."""
    found = {
        one.name: (one, one.added.weights)
        for one in BACKBONES.values()
        if one.added and one.added.weights and one.added.weights.is_file()
    }
    return {
        name: KeptWeights(name, path, content_digest(path), one.licence, one.source)
        for name, (one, path) in found.items()
    }


def keras_folder(environment: Mapping[str, str]) -> Path | None:
    """Return where Keras keeps the weights that it fetches."""
    if given := environment.get("KERAS_HOME", ""):
        return Path(given) / "models"
    home = environment.get("HOME", "")
    return Path(home) / ".keras" / "models" if home else None


def available(environment: Mapping[str, str]) -> list[str]:
    """Name the backbones that have weights on this machine, in the order of the table."""
    here = {one.backbone for one in WeightsStore(environment).all()}
    here |= weights_of_keras(environment).keys() | weights_of_packages().keys()
    return [name for name in BACKBONES if name in here]


def _read(path: Path) -> KeptWeights | None:
    try:
        document: dict[str, Any] = unseal(path.read_bytes())
        return KeptWeights(
            backbone=document["backbone"],
            path=path.parent / document["file"],
            sha256=document["sha256"],
            licence=document["licence"],
            source=document["source"],
            added=document["added"],
        )
    except (OSError, SealError, KeyError):
        return None
