"""The weights that a machine keeps by their hash, and those that Keras has fetched before."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sightline.ground.backbones.of_keras import OF_KERAS
from sightline.ground.backbones.table import BACKBONES, usable_backbones
from sightline.ground.errors import DataError
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.machine_cache import MachineCache, cache_folder
from sightline.ground.storage.sealed import SealError, seal, unseal

DOCUMENT = "weights.json"
LICENCE_FILE = "LICENSE"
NOT_STATED = "not stated"
Place = Literal["kept", "its package", "Keras's folder"]


@dataclass(frozen=True, slots=True)
class KeptWeights:
    """Weights of a backbone that this machine has."""

    backbone: str
    place: Place
    path: Path
    licence: str
    source: str
    recorded: str = ""
    """The hash that the machine keeps them by."""
    added: str = ""
    """When they were kept, as ISO 8601 in UTC."""

    @property
    def sha256(self) -> str:
        """Their hash; of a package's, its file is read.

        Empty of what Keras keeps, which holds it against a hash of its own.
        """
        return content_digest(self.path) if self.place == "its package" else self.recorded

    @property
    def size(self) -> int:
        """Bytes of the file; 0 where it is gone."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def used(self) -> float:
        """When they were used last, in seconds since 1970."""
        return (self.path.parent if self.place == "kept" else self.path).stat().st_mtime


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
        if found != kept.recorded:
            raise DataError(
                f"{kept.path}: expected the weights of {backbone} with SHA-256 "
                f"{kept.recorded[:12]}; received {found[:12]}. Remove them with `sightline weights "
                f"remove {backbone}`, then fetch or add them again."
            )
        self._cache.find(kept.recorded)
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
        self._cache.forget(kept.recorded)


def weights_of_keras(environment: Mapping[str, str]) -> dict[str, KeptWeights]:
    """Return what Keras has fetched before, by backbone."""
    folder = keras_folder(environment)
    return {
        one.name: KeptWeights(
            one.name, "Keras's folder", folder / one.keras_file, one.licence, one.source
        )
        for one in map(BACKBONES.__getitem__, OF_KERAS)
        if folder and (folder / one.keras_file).is_file()
    }


def weights_of_packages() -> dict[str, KeptWeights]:
    """Return what installed packages bring with their backbones, by backbone."""
    return {
        one.name: KeptWeights(one.name, "its package", one.added.weights, one.licence, one.source)
        for one in usable_backbones()
        if one.added and one.added.weights and one.added.weights.is_file()
    }


def weights_here(environment: Mapping[str, str]) -> dict[str, list[KeptWeights]]:
    """Return all weights on this machine by backbone: those that training takes first, first."""
    found: dict[str, list[KeptWeights]] = {}
    for one in (
        *WeightsStore(environment).all(),
        *weights_of_packages().values(),
        *weights_of_keras(environment).values(),
    ):
        found.setdefault(one.backbone, []).append(one)
    return found


def keras_folder(environment: Mapping[str, str]) -> Path | None:
    """Return where Keras keeps the weights that it fetches."""
    if given := environment.get("KERAS_HOME", ""):
        return Path(given) / "models"
    home = environment.get("HOME", "")
    return Path(home) / ".keras" / "models" if home else None


def available(environment: Mapping[str, str]) -> list[str]:
    """Name the backbones that have weights on this machine, in the order of the table."""
    here = weights_here(environment)
    return [name for name in BACKBONES if name in here]


def _read(path: Path) -> KeptWeights | None:
    try:
        document: dict[str, Any] = unseal(path.read_bytes())
        return KeptWeights(
            backbone=document["backbone"],
            place="kept",
            path=path.parent / document["file"],
            licence=document["licence"],
            source=document["source"],
            recorded=document["sha256"],
            added=document["added"],
        )
    except (OSError, SealError, KeyError):
        return None
