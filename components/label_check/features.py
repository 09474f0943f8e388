"""What a backbone sees in every image: computed while it is decoded, kept on disk by row."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from components.label_check.outliers.distance import FeaturesOf
from components.label_check.wrong_labels.evidence import Features
from components.label_check.wrong_labels.points import Turning, moments_of, parts_of
from sightline.ground.history.expectations import rounded
from sightline.ground.history.feature_figures import FeatureFigures
from sightline.ground.ports import Metadata
from sightline.stage import log
from sightline.stage.closing import Closing
from sightline.stage.features.artifact import write_features, write_no_features
from sightline.stage.features.extractor import read_extractor
from sightline.stage.features.maker import FeatureMaker
from sightline.stage.formats.dataset import read_info
from sightline.stage.imaging.arrays import Floats


class RowFeatures(Closing):
    """The features of all images, in a temporary file: 100,000 of them would take 500 MB."""

    def __init__(self, extractor: Path, dataset: Path, *, workers: int = 0) -> None:
        """Make the extractor ready, where there is one.

        Raises:
            DataError: it was changed, or does not load.
        """
        self.info = read_extractor(extractor)
        self.reason = self.info.reason
        """Why there are no features, in a sentence; empty where there are."""
        self.maker: FeatureMaker | None = None
        if not self.reason:
            update = {"value_range": read_info(dataset).value_range}
            geometry = self.info.geometry.model_copy(update=update)
            self.maker = FeatureMaker(
                extractor, self.info, geometry, written=self._written, workers=workers
            )
        # Unbuffered, since other threads look for the features of copies in it.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close
        self._num_rows = 0
        self._rows: dict[str, int] = {}

    def close(self) -> None:
        self._file.close()

    def add(self, id: str, features: Floats | None) -> None:
        """Keep the features of the next row, an image's; None for one that does not decode."""
        known = features is not None
        if features is None:
            features = np.full(self.info.num_features, np.nan, np.float32)
        self._file.write(features.tobytes())
        if known and self.maker is not None:
            self._rows.setdefault(id, self._num_rows)
            self.maker.put_aside(id)
        self._num_rows += 1

    def _written(self, id: str) -> Floats | None:
        row = self._rows.get(id)
        if row is None:
            return None
        size = self.info.num_features * np.dtype(np.float32).itemsize
        return np.frombuffer(os.pread(self._file.fileno(), size, row * size), np.float32)

    def matrix(self) -> Floats | None:
        """Return float32 [rows, d], mapped from disk; NaN where an image does not decode.

        None where there are no features, for the reason that `reason` gives.
        """
        if self.maker is None or not self._num_rows:
            return None
        shape = (self._num_rows, self.info.num_features)
        mapped: Floats = np.memmap(self._file, dtype=np.float32, mode="r", shape=shape)
        return mapped

    def of_rows(self) -> FeaturesOf | None:
        """Return what gives the features of rows that decode; None where there are none."""
        matrix = self.matrix()
        return None if matrix is None else lambda rows: matrix[list(rows)]

    def evidence(self) -> Features | None:
        """Return the features as what labels are judged by; None where there are none."""
        matrix = self.matrix()
        if matrix is None:
            return None
        name = f"features of {self.info.name}"
        return Features(name, matrix, ~np.isnan(matrix[:, 0]), turning=self.turning)

    @cached_property
    def turning(self) -> Turning | None:
        """The directions of the features of all images that decode; None where there are none."""
        matrix = self.matrix()
        if matrix is None or not len(rows := np.flatnonzero(~np.isnan(matrix[:, 0]))):
            return None
        return Turning(matrix, rows, 0)

    def points(self, most: int) -> FeaturesOf | None:
        """Return what gives rows on the strongest directions; None where there are none."""
        turning = self.turning
        if turning is None:
            return None
        return lambda rows: turning.points(np.asarray(rows), most)

    def figures(self) -> FeatureFigures | None:
        """Return what is left of the features for later data; None where there are none."""
        turning, maker = self.turning, self.maker
        if turning is None or maker is None:
            return None
        parts = (turning.features[turning.rows[part]] for part in parts_of(len(turning.rows)))
        mean, spread = moments_of(np.sign(part) * np.sqrt(np.abs(part)) for part in parts)
        return FeatureFigures(
            backbone=self.info.name,
            sha256=self.info.sha256,
            geometry=maker.geometry.model_dump(mode="json"),
            num_images=len(turning.rows),
            mean=tuple(map(rounded, mean.tolist())),
            spread=tuple(map(rounded, spread.tolist())),
        )

    def keep(self, ids: Sequence[str]) -> None:
        """Have this machine remember what was computed; `ids` are those of all rows."""
        matrix = self.matrix()
        if self.maker is None or matrix is None:
            return
        new = {id: row for row, id in enumerate(ids) if id in self.maker.computed}
        self.maker.keep(list(new), (matrix[row] for row in new.values()))
        log.event("features", computed=len(new), reused=len(set(ids)) - len(new))

    def write(self, folder: Path, ids: Mapping[int, str]) -> Metadata:
        """Write the features of rows, each with its id; return the artifact's metadata."""
        matrix = self.matrix()
        if self.maker is None or matrix is None:
            write_no_features(folder, self.info, self.reason)
            log.event("no features", reason=self.reason)
            return {"num_images": 0, "reason": self.reason}

        def kept() -> Iterator[Floats]:
            for row in ids:
                yield matrix[row]

        write_features(
            folder,
            self.info,
            geometry=self.maker.geometry,
            ids=list(ids.values()),
            features=kept(),
        )
        return {
            "num_images": len(ids),
            "num_computed": self.maker.num_computed,
            "backbone": self.info.backbone,
            "sha256": self.info.sha256,
        }
