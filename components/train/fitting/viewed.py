"""Features of images as they are, and of views of the training images."""

from pathlib import Path

import numpy as np

from components.train.augmentation.views import View, ViewFeatures, in_parts
from components.train.fitting.examples import InMemory
from components.train.fitting.features import Compute, FeatureSource
from components.train.fitting.material import LEARNED_FROM
from components.train.planning.plan import Plan
from components.train.settings import TrainSettings
from sightline.ground.errors import SettingsError
from sightline.problems import problem_of
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.formats.records import RecordsInfo, Split, read_split
from sightline.stage.log import progress

IMAGES_AT_A_TIME = 256
"""Where a killed training goes on: so many images' views are kept together."""
READING_BATCH = 32


class ViewedFeatures:
    """Adds views to the training images of another source."""

    def __init__(
        self, plain: FeatureSource, views: ViewFeatures, splits: tuple[Split, ...] = ("train",)
    ) -> None:
        """Take both; `splits` are those whose images are learned from."""
        self._plain, self._views, self._splits = plain, views, splits

    @property
    def num_computed(self) -> int:
        """How many features were computed, of images and views."""
        return self._plain.num_computed + self._views.num_computed

    def of_split(self, records: Path, info: RecordsInfo, split: Split) -> InMemory:
        """Return the features of a split."""
        plain = self._plain.of_split(records, info, split)
        if split not in self._splits:
            return plain
        targets = problem_of(info.problem, info.about).targets
        images = read_split(records, split, targets).batch(READING_BATCH).prefetch(2)
        parts = progress(
            in_parts(images, IMAGES_AT_A_TIME),
            what="views",
            total=-(-plain.num_examples // IMAGES_AT_A_TIME),
        )
        found = np.concatenate([self._views.of(part) for part in parts], axis=1)
        inputs = np.concatenate([plain.inputs, *found])
        return InMemory(inputs, plain.targets, views=len(found), groups=plain.groups)


def with_views(
    plain: FeatureSource | None,
    info: RecordsInfo,
    settings: TrainSettings,
    plan: Plan,
    made: ExtractorInfo,
    compute: Compute | None,
) -> ViewedFeatures:
    """Return a source that has as many views as the plan says, computed by an extractor.

    Raises:
        SettingsError: LiteRT, whose features are kept, cannot have the backbone.
    """
    ranges = settings.changes(plan.augment)
    if not ranges:
        raise ValueError(f"expected changes to make {plan.views} views with; received none")
    if compute is None or plain is None:
        raise SettingsError(
            f"train.augmented_views {plan.views}: expected a backbone that LiteRT converts, "
            f"so that features of views can be kept. {made.reason} Remove augmented_views, or "
            "choose another backbone."
        )
    views = [View(ranges, settings.seed, number + 1) for number in range(plan.views)]
    computed = ViewFeatures(views, made, info.contract.geometry, compute)
    return ViewedFeatures(plain, computed, LEARNED_FROM if settings.folds else LEARNED_FROM[:1])
