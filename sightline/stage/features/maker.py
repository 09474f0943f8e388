"""Features of the images of a dataset, made by an extractor for whoever decodes the images."""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE, ExtractorInfo
from sightline.stage.features.store import FeatureStore
from sightline.stage.imaging.arrays import Floats, Pixels, square_of
from sightline.stage.imaging.contract import Geometry


class FeatureMaker:
    """Makes features of decoded images; threads may share it."""

    def __init__(
        self, extractor: Path, info: ExtractorInfo, geometry: Geometry, *, workers: int = 0
    ) -> None:
        """Load the extractor.

        Args:
            extractor: the artifact's folder.
            info: what it says of itself.
            geometry: its geometry with the black and white of the dataset's deep images.
            workers: how many threads will ask; 0 means one per core.
        """
        self.info, self.geometry = info, geometry
        self._engine = FeatureEngine(extractor / FILE, workers=workers)
        self._store = FeatureStore(info, geometry)
        self._noting = threading.Lock()
        self.computed: set[str] = set()
        """Images whose features were not known."""

    def known(self, id: str) -> Floats | None:
        """Return the features that this machine computed before, float32 [d]; None where none."""
        return self._store.find(id)

    def square(self, pixels: Pixels) -> Pixels:
        """Return what the backbone shall see of an upright image, uint8 [height, width, 3]."""
        return square_of(pixels, self.geometry)

    def compute(self, id: str, square: Pixels) -> Floats:
        """Compute the features of an image from its square, float32 [d]."""
        found = self._engine.features(square)
        with self._noting:
            self.computed.add(id)
        return found

    def keep(self, ids: Sequence[str], features: Iterable[Floats]) -> None:
        """Have this machine remember what was computed."""
        self._store.keep(ids, features)
