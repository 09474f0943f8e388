"""The engine of all features, for those that a training computes for itself."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from components.train.extraction import make_extractor
from components.train.fitting.features import Compute
from components.train.settings import TrainSettings
from sightline.problems import problem_of
from sightline.stage import log
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.parallel import map_ordered


@contextmanager
def own_engine(info: RecordsInfo, settings: TrainSettings) -> Iterator[tuple[Compute | None, str]]:
    """Give a function of batches of pixels, and the hash of its extractor.

    No function where LiteRT cannot have the backbone: TensorFlow computes the features then.
    """
    with extracting(info, settings) as (made, compute):
        if compute is None:
            log.event("features are computed by TensorFlow", reason=made.reason)
        pooled = problem_of(info.problem, info.about).training.takes == "vector"
        yield compute, made.sha256 if compute and pooled else ""


@contextmanager
def extracting(
    info: RecordsInfo, settings: TrainSettings
) -> Iterator[tuple[ExtractorInfo, Compute | None]]:
    """Give the extractor and a function of batches of pixels; none where LiteRT cannot have it."""
    pooled = problem_of(info.problem, info.about).training.takes == "vector"
    made, model = make_extractor(
        settings.backbone, settings.weights, info.contract.geometry, pooled=pooled
    )
    if model is None:
        yield made, None
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "extractor.tflite"
        path.write_bytes(model)
        yield made, partial(_batch, FeatureEngine(path).features)


def _batch(features: Callable[[Any], Any], images: Any) -> Any:
    return np.stack(list(map_ordered(features, np.asarray(images))))
