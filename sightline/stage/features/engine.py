"""The engine of all features: LiteRT, one image at a time, an interpreter for each thread.

Another engine would change the last digits, and so does TensorFlow's: by 3e-5.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sightline.ground.cores import usable_cores
from sightline.stage.answering.litert import EMBEDDING, LiteRTModel
from sightline.stage.imaging.arrays import Floats, Pixels

MEMORY_BYTES = 2**30
"""What all interpreters together may take."""
BYTES_PER_FILE_BYTE = 3
"""An interpreter takes its weights, once more as its kernels want them, and its tensors."""


class FeatureEngine:
    """Turns pixels into features with the LiteRT model of an extractor; threads may share it.

    An image goes through on one core, so threads that decode images and ask for their features
    keep all cores at work. Where a model is so large that there is no room for an interpreter on
    each core, fewer have more cores each, which gives the same bits.
    """

    def __init__(self, path: Path, *, workers: int = 0) -> None:
        """Load the model.

        Args:
            path: the file of an extractor.
            workers: how many threads will ask; 0 means one per core.

        Raises:
            DataError: the file does not load.
        """
        workers = workers or usable_cores()
        room = MEMORY_BYTES // (BYTES_PER_FILE_BYTE * path.stat().st_size + 1)
        self._path, most = path, max(1, min(workers, room))
        self._threads = max(1, workers // most)
        self._free = threading.Semaphore(most)
        self._idle = [LiteRTModel(path, num_threads=self._threads)]

    def features(self, pixels: Pixels) -> Floats:
        """Return what the backbone makes of uint8 [s, s, c]: float32 [d], or a map [h, w, d]."""
        with self._interpreter() as model:
            features: Floats = model.answer(pixels)[EMBEDDING][0]
            return features

    @contextmanager
    def _interpreter(self) -> Iterator[LiteRTModel]:
        with self._free:
            try:
                model = self._idle.pop()
            except IndexError:
                model = LiteRTModel(self._path, num_threads=self._threads)
            try:
                yield model
            finally:
                self._idle.append(model)
