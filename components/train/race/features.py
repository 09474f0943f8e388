"""Features for the race: of training images alone, kept on this machine, within a time."""

import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from components.train.extraction import make_extractor
from components.train.race.rounds import Withdrawn
from components.train.weights import weights_digest
from sightline.problems import problem_of
from sightline.stage.features.artifact import Features, read_info
from sightline.stage.features.choice import mismatch
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.store import FeatureStore, features_of
from sightline.stage.formats.records import RecordsInfo, read_split
from sightline.stage.imaging.arrays import Floats
from sightline.stage.log import event
from sightline.stage.parallel import map_ordered

BATCH = 32
TIMED = 16
"""Images that a backbone's speed is measured on."""


class RaceFeatures:
    """Gives a backbone's features of the first training images; records have them shuffled."""

    def __init__(
        self,
        records: Path,
        info: RecordsInfo,
        given: Path,
        *,
        weights: str,
        minutes: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to count the time.

        Args:
            records: what preprocess wrote.
            info: what it says.
            given: the features that label check wrote.
            weights: the setting.
            minutes: after which no more features are computed, of any backbone.
            clock: gives seconds.
        """
        self._records, self._info, self._given, self._weights = records, info, given, weights
        self._clock, self._end = clock, clock() + 60 * minutes
        self._known: dict[str, Floats] = {}
        self.images_per_second: dict[str, float] = {}

    def __call__(self, name: str, size: int) -> Floats | None:
        """Return float32 [size, d]; None where the time is over.

        Raises:
            Withdrawn: LiteRT does not convert the backbone.
        """
        if len(self._known.get(name, ())) < size:
            if self._clock() > self._end:
                return None
            found = self._of(name, size)
            if found is None:
                return None
            self._known[name] = found
        return self._known[name][:size]

    def _of(self, name: str, size: int) -> Floats | None:
        geometry = self._info.contract.geometry
        made, model = make_extractor(name, self._weights, geometry)
        if model is None:
            raise Withdrawn(made.reason)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "extractor.tflite"
            path.write_bytes(model)
            engine, store = FeatureEngine(path), FeatureStore(made, geometry)
            find = self._given_of(name) or store.find
            rows: list[Floats] = []
            new: dict[str, Floats] = {}
            for images, ids in self._batches(size):
                if name not in self.images_per_second:
                    self._time(name, engine, images[:TIMED])
                if self._clock() > self._end:
                    store.keep(list(new), new.values())
                    return None
                found, computed = features_of(ids, find, partial(_computed, engine, images))
                rows.append(found)
                new |= computed
            store.keep(list(new), new.values())
        features = np.concatenate(rows)
        event("features for the race", backbone=name, images=len(features), computed=len(new))
        return features

    def _batches(self, size: int) -> Any:
        targets = problem_of(self._info.problem, self._info.about).targets
        images = read_split(self._records, "train", targets).take(size).batch(BATCH).prefetch(1)
        for pixels, _, ids in images.as_numpy_iterator():
            yield pixels, [one.decode() for one in ids]

    def _given_of(self, name: str) -> Callable[[str], Floats | None] | None:
        """Return what gives label check's features, where they are those of this backbone."""
        info = read_info(self._given)
        reason = info.reason or mismatch(
            info,
            backbone=name,
            weights_digest=weights_digest(name, self._weights),
            geometry=self._info.contract.geometry,
        )
        if reason:
            return None
        features = Features(self._given)
        return lambda id: features.of([id])[0] if id in features else None

    def _time(self, name: str, engine: FeatureEngine, images: Any) -> None:
        start = time.perf_counter()
        num_images = len(list(map_ordered(engine.features, images)))
        self.images_per_second[name] = num_images / (time.perf_counter() - start)


def _computed(engine: FeatureEngine, images: Any, places: list[int]) -> Iterable[Floats]:
    return map_ordered(engine.features, images[places])
