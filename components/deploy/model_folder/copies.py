"""Copies of versions that the servers of a cloud read: their addresses never change.

A version has another name in its folder with each standing, while Vertex AI's Model Registry keeps
an address for good and pods of KServe read theirs whenever they start.
"""

from collections.abc import Collection
from pathlib import Path

from sightline.ground.models.model_folder import INFO_FILE
from sightline.stage import log
from sightline.stage.registry.place import Place
from sightline.stage.registry.places import place_of

FOLDER = "bundles"
"""Below the model folder."""
DIGITS = 16
"""Of the bundle's digest, in the name of a copy."""


class Copies:
    """One copy for each bundle of a model folder."""

    def __init__(self, folder: Place) -> None:
        """Know where they lie; nothing is asked yet."""
        self._place = place_of(f"{folder.shown}/{FOLDER}")

    def address(self, digest: str) -> str:
        """Return the address of a bundle's copy."""
        return f"{self._place.shown}/{digest[:DIGITS]}"

    def has(self, digest: str) -> bool:
        """Tell whether it is there: `bundle.json` comes last."""
        return self._place.has(f"{digest[:DIGITS]}/{INFO_FILE}")

    def bring(self, digest: str, version: Path) -> None:
        """Copy a version there, unless it is; one that was killed is begun again."""
        if not self.has(digest):
            self._place.put(version, digest[:DIGITS])

    def keep(self, digests: Collection[str]) -> None:
        """Remove those of bundles that are no versions any more."""
        kept = {one[:DIGITS] for one in digests}
        for name in self._place.folders():
            if name not in kept and len(name) == DIGITS:
                self._place.remove(name)
                log.event("removed the copy of a version that is gone", copy=name)
