"""Features of the images of a dataset, made by an extractor for whoever decodes the images."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path

from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE, ExtractorInfo
from sightline.stage.features.store import FeatureStore
from sightline.stage.imaging.arrays import Floats, Pixels, square_of
from sightline.stage.imaging.contract import Geometry

Written = Callable[[str], Floats | None]


class FeatureMaker:
    """Makes features of decoded images; threads may share it."""

    def __init__(
        self,
        extractor: Path,
        info: ExtractorInfo,
        geometry: Geometry,
        *,
        written: Written = lambda id: None,
        workers: int = 0,
    ) -> None:
        """Load the extractor.

        Args:
            extractor: the artifact's folder.
            info: what it says of itself.
            geometry: its geometry with the black and white of the dataset's deep images.
            written: gives the features of images that this run has put aside.
            workers: how many threads will ask; 0 means one per core.
        """
        self.info, self.geometry = info, geometry
        self._engine = FeatureEngine(extractor / FILE, workers=workers)
        self._store = FeatureStore(info, geometry)
        self._written = written
        self._noting = threading.Lock()
        self._under_way: dict[str, Future[Floats]] = {}
        self.computed: set[str] = set()
        """Images whose features were not known."""
        self.num_computed = 0
        """How often the backbone looked at an image: once at each of `computed`."""

    def known(self, id: str) -> Floats | None:
        """Return features that this run or this machine computed before, float32 [d], or None."""
        with self._noting:
            under_way, written = self._under_way.get(id), self._written(id)
        if under_way is not None:
            return under_way.result()
        return self._store.find(id) if written is None else written

    def square(self, pixels: Pixels) -> Pixels:
        """Return what the backbone shall see of an upright image, uint8 [height, width, 3]."""
        return square_of(pixels, self.geometry)

    def compute(self, id: str, square: Pixels) -> Floats:
        """Compute the features of an image from its square, float32 [d]; those of a copy once."""
        with self._noting:
            if (written := self._written(id)) is not None:
                return written
            others = self._under_way.get(id)
            own = self._under_way.setdefault(id, Future())
            if others is None:
                self.computed.add(id)
                self.num_computed += 1
        if others is not None:
            return others.result()
        try:
            own.set_result(self._engine.features(square))
        except BaseException as error:
            own.set_exception(error)
        return own.result()

    def put_aside(self, id: str) -> None:
        """Forget the features of an image, which `written` gives from now on."""
        with self._noting:
            self._under_way.pop(id, None)

    def keep(self, ids: Sequence[str], features: Iterable[Floats]) -> None:
        """Have this machine remember what was computed."""
        self._store.keep(ids, features)
