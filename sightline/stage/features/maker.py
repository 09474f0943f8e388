"""Features of the images of a dataset, made by an extractor for whoever decodes the images."""

import threading
from pathlib import Path

from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE, ExtractorInfo
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
        self._counting = threading.Lock()
        self.num_computed = 0

    def square(self, pixels: Pixels) -> Pixels:
        """Return what the backbone shall see of an upright image, uint8 [height, width, 3]."""
        return square_of(pixels, self.geometry)

    def features(self, square: Pixels) -> Floats:
        """Return the features of a square, float32 [d]."""
        found = self._engine.features(square)
        with self._counting:
            self.num_computed += 1
        return found
