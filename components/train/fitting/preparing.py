"""What a training begins with: its plan, and the features that it learns from."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from components.train.extraction import make_extractor
from components.train.fitting.features import Compute, FeatureCache, FeatureSource
from components.train.fitting.given import GivenFeatures, given_features
from components.train.fitting.viewed import with_views
from components.train.planning.plan import Network, Plan, make_plan
from components.train.settings import TrainSettings
from components.train.warm.champion import champion_for
from sightline.problems import problem_of
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.formats.records import RecordsInfo, damage_named
from sightline.stage.log import event
from sightline.stage.parallel import map_ordered


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of a training before anything is computed."""

    plan: Plan
    backbone: Network | None
    given: GivenFeatures | None
    """Features that came with the records."""
    why_none: str
    """Why none of those are used; empty where they are."""

    @property
    def computes_features(self) -> bool:
        """Whether it computes features of images; a live model makes its own."""
        return self.backbone is not None and self.given is None and self.plan.champion is None


def prepare(records: Path, features: Path, info: RecordsInfo, settings: TrainSettings) -> Prepared:
    """Decide how to train, as which live model and on which features.

    Raises:
        SettingsError: something was asked for that cannot be, or not together.
        DataError: records, features or the live model are damaged.
    """
    with damage_named(records):
        champion = champion_for(records, info, settings)
        given, reason = given_features(features, records, info, settings, champion)
    plan, backbone = make_plan(info, settings, has_features=given is not None, champion=champion)
    if backbone is None and not (champion and champion.learns_on_features):
        given, reason = None, f"recipe {plan.recipe} learns from images."
    return Prepared(plan, backbone, given, reason)


@contextmanager
def learned_from(
    prepared: Prepared, info: RecordsInfo, settings: TrainSettings, folder: Path
) -> "Iterator[tuple[FeatureSource | None, str]]":
    """Give what features are learned from, and the hash of their extractor.

    None where TensorFlow computes them, or there are none; no hash where LiteRT had no part in
    them. What is computed is kept in `folder`.

    Raises:
        SettingsError: views are wanted of a backbone that LiteRT cannot have.
    """
    source: FeatureSource | None = prepared.given
    used = prepared.given.sha256 if prepared.given else ""
    if not prepared.computes_features and not prepared.plan.views:
        yield source, used
        return
    with _extracting(info, settings) as (made, compute):
        if prepared.computes_features:
            event("features are computed anew", reason=prepared.why_none)
            if compute is None:
                event("features are computed by TensorFlow", reason=made.reason)
            else:
                source = FeatureCache(compute, folder / "features")
                used = made.sha256 if _pooled(info) else ""
        if prepared.plan.views:
            source = with_views(source, info, settings, prepared.plan, made, compute)
        yield source, used


@contextmanager
def _extracting(
    info: RecordsInfo, settings: TrainSettings
) -> Iterator[tuple[ExtractorInfo, Compute | None]]:
    """Give the extractor and a function of batches of pixels; none where LiteRT cannot have it."""
    made, model = make_extractor(
        settings.backbone, settings.weights, info.contract.geometry, pooled=_pooled(info)
    )
    if model is None:
        yield made, None
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "extractor.tflite"
        path.write_bytes(model)
        yield made, partial(_batch, FeatureEngine(path).features)


def _pooled(info: RecordsInfo) -> bool:
    return problem_of(info.problem, info.about).training.takes == "vector"


def _batch(features: Callable[[Any], Any], images: Any) -> Any:
    return np.stack(list(map_ordered(features, np.asarray(images))))
