"""Features that this machine computed before, of any project: by extractor, pixels and image."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from sightline.ground.errors import DataError
from sightline.ground.storage.machine_cache import MachineCache, cache_folder
from sightline.stage import log
from sightline.stage.features.artifact import Features, write_features
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.imaging.arrays import Floats
from sightline.stage.imaging.contract import Geometry

MOST_BYTES = 4 * 2**30


class FeatureStore:
    """The features of one extractor of one kind of square; each run adds what was new to it."""

    def __init__(self, extractor: ExtractorInfo, geometry: Geometry, *, view: str = "") -> None:
        """Open what is there; a part that turns out to be damaged is thrown away.

        `view`: how images were changed before the extractor saw them; empty where they were not.
        """
        self._extractor, self._geometry = extractor, geometry
        folder = cache_folder(os.environ)
        self._cache = MachineCache(folder and folder / "features", MOST_BYTES)
        named = json.dumps(
            [extractor.sha256, geometry.model_dump(mode="json"), *filter(None, [view])]
        )
        self._prefix = hashlib.sha256(named.encode()).hexdigest()[:32]
        self._parts: dict[str, Features] = {}
        self._parts |= {
            key: part for key in self._cache.keys(self._prefix) if (part := self._opened(key))
        }

    def find(self, id: str) -> Floats | None:
        """Return the features of an image, float32 [d]; None where they are not known."""
        for key, part in list(self._parts.items()):
            try:
                if id in part:
                    found: Floats = part.of([id])[0]
                    return found
            except DataError as error:
                self._forget(key, error)
        return None

    def keep(self, ids: Sequence[str], features: Iterable[Floats]) -> None:
        """Add the features of images that were not known."""
        if not ids:
            return
        new = hashlib.sha256("".join(ids).encode()).hexdigest()[:32]
        self._cache.keep(
            f"{self._prefix}-{new}",
            lambda folder: write_features(
                folder, self._extractor, geometry=self._geometry, ids=ids, features=features
            ),
        )

    def _opened(self, key: str) -> Features | None:
        entry = self._cache.find(key)
        try:
            return Features(entry) if entry else None
        except DataError as error:
            self._forget(key, error)
            return None

    def _forget(self, key: str, error: DataError) -> None:
        self._parts.pop(key, None)
        log.event("threw away damaged features of the cache", reason=str(error))
        self._cache.forget(key)


def features_of(
    ids: Sequence[str],
    find: Callable[[str], Floats | None],
    compute: Callable[[list[int]], Iterable[Floats]],
) -> tuple[Floats, dict[str, Floats]]:
    """Return features of images, float32 [n, d], and by id those that were not known.

    `find` gives those that are known, `compute` makes those of the images at some places.
    """
    found = [find(id) for id in ids]
    missing = [place for place, one in enumerate(found) if one is None]
    new: dict[str, Floats] = {}
    for place, features in zip(missing, compute(missing) if missing else (), strict=True):
        found[place] = new[ids[place]] = features
    return np.stack([one for one in found if one is not None]), new
