"""Features that label check computed, for the images of the records."""

from pathlib import Path

import numpy as np

from components.train.fitting.examples import InMemory
from components.train.settings import TrainSettings
from components.train.warm.champion import Champion
from components.train.weights import WeightsUnavailable, weights_digest
from sightline.ground.errors import shorten
from sightline.problems import problem_of
from sightline.stage.features.artifact import Features, read_info
from sightline.stage.features.choice import mismatch
from sightline.stage.formats.records import RecordsInfo, Split, groups_in, read_targets

SPLITS: tuple[Split, ...] = ("train", "validation")


class GivenFeatures:
    """Features by split, ready to be learned from."""

    def __init__(self, sources: dict[Split, InMemory], sha256: str) -> None:
        self._sources, self.sha256 = sources, sha256
        self.num_computed = 0

    def of_split(self, records: Path, info: RecordsInfo, split: Split) -> InMemory:
        """Return the features of a split."""
        return self._sources[split]


def given_features(
    folder: Path,
    records: Path,
    info: RecordsInfo,
    settings: TrainSettings,
    champion: Champion | None = None,
) -> tuple[GivenFeatures | None, str]:
    """Return the features that came with the records, or why they are not to be used.

    Raises:
        DataError: the artifact was changed.
    """
    if reason := why_not(folder, info, settings, champion):
        return None, reason
    features = Features(folder)
    targets = problem_of(info.problem, info.about).targets
    sources: dict[Split, InMemory] = {}
    for split in SPLITS:
        if not info.num_images(split):
            continue
        (batch,) = read_targets(records, split, targets).batch(info.num_images(split))
        values, keys, groups = (one.numpy() for one in batch)
        ids = [key.decode() for key in keys]
        if missing := features.missing(ids):
            return None, f"{len(missing):,} images have none ({shorten(missing)})."
        sources[split] = InMemory(
            features.of(ids), np.asarray(values), groups=np.array(groups_in(keys, groups))
        )
    return GivenFeatures(sources, features.info.sha256), ""


def why_not(
    folder: Path, info: RecordsInfo, settings: TrainSettings, champion: Champion | None = None
) -> str:
    """Say why features are of no use for a training; nothing where they are."""
    found = read_info(folder)
    if found.reason:
        return found.reason
    if problem_of(info.problem, info.about).training.takes != "vector":
        return f"the head of {info.problem} takes feature maps, not one vector an image."
    if champion:
        # The same bytes made its own: whatever is named now, its head knows these.
        same = found.sha256 == champion.info.features_sha256
        fits = same and found.extractor.geometry == info.contract.geometry
        return "" if fits else "the live model learned from others, or from none."
    try:
        digest = weights_digest(settings.backbone, settings.weights)
    except WeightsUnavailable as error:
        return str(error)
    return mismatch(
        found,
        backbone=settings.backbone,
        weights_digest=digest,
        geometry=info.contract.geometry,
    )
