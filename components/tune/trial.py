"""One trial: train's own training with other settings, and what its validation images say."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.train.fitting.checkpoints import NoCheckpoints, Progress
from components.train.fitting.examples import Order, image_source, validation_batches
from components.train.fitting.features import FeatureSource
from components.train.fitting.training import Training
from components.train.heads.bench import Bench
from components.train.heads.examples import VALIDATION_BATCH
from components.train.planning.plan import Plan, make_plan
from components.train.planning.recipe import recipe_of
from components.train.settings import TrainSettings
from components.train.warm.champion import Champion
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo

MOST_BENCHES = 4
"""Held at once: each has compiled heads, and a range of batch sizes would fill the memory."""
Losses = np.ndarray[Any, Any]
Report = Callable[[int, float], None]
"""Is told the validation loss after every epoch, counted from 1; what it raises ends the trial."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial came to."""

    losses: Losses
    """Of each validation image in the kept epoch, without label smoothing."""
    epochs: int
    best_epoch: int

    @property
    def loss(self) -> float:
        """The figure that trials are compared by: the mean validation loss."""
        return float(self.losses.mean())


class Trials:
    """Trains on what all trials share: records and, where there is a backbone, its features."""

    def __init__(
        self,
        records: Path,
        info: RecordsInfo,
        features: FeatureSource | None,
        folder: Path,
        *,
        champion: Champion | None = None,
    ) -> None:
        """Take what all trials share.

        Without `features` each trains a network on the images, and from a `champion` it.
        """
        self._records, self._info = records, info
        self._features, self._folder, self._champion = features, folder, champion
        self._problem = problem_of(info.problem, info.about)
        # Read once: views are drawn and looked up each time they are asked for.
        self._splits = (
            [features.of_split(records, info, split) for split in ("train", "validation")]
            if features and champion is None
            else []
        )
        self._held_out = self._validation()
        self._bench_of = lru_cache(MOST_BENCHES)(_bench_of)

    @property
    def on_features(self) -> bool:
        """Whether trials train heads, and not networks."""
        return bool(self._splits)

    def run(self, settings: TrainSettings, report: Report) -> Tried:
        """Train with these settings, as train would.

        Raises:
            DataError: the loss became infinite or no number.
        """

        def show(progress: Progress) -> None:
            # A smoothed loss is higher by nature: it would be ended for no reason.
            if not settings.label_smoothing:
                report(len(progress.history), progress.history[-1]["val_loss"])

        plan, _ = make_plan(self._info, settings, has_features=True, champion=self._champion)
        training = Training(
            self._records,
            self._info,
            settings,
            plan,
            backbone=None,
            checkpoints=NoCheckpoints(self._folder, show),
            logs=None,
            features=self._features,
            bench=self._bench_for(settings, plan),
        )
        if self.on_features:
            phase = next(iter(recipe_of(plan.recipe).phases))
            model = training.fit_head(phase, *self._splits)
        else:
            # No temperature: it is chosen by the very images that judge the trial.
            model, phase = training.follow()
        progress = training.progress(phase)
        return Tried(self._losses(model), len(progress.history), progress.best_epoch)

    def _bench_for(self, settings: TrainSettings, plan: Plan) -> Bench | None:
        """Return what has trained heads in the same batches; None for whole networks."""
        if not self.on_features:
            return None
        return self._bench_of(settings.batch_size, settings.seed, plan.class_weights)

    def _validation(self) -> list[tuple[Any, Any]]:
        """Return the validation batches: what goes in, and what the loss compares answers with."""
        source = (
            self._splits[1]
            if self.on_features
            else image_source(self._records, self._info, "validation")
        )
        order = Order(
            targets=self._problem.targets,
            training=self._problem.training,
            num_classes=len(self._info.classes),
            batch_size=VALIDATION_BATCH,
            seed=0,
            class_weights=(1.0,) * len(self._info.classes),
        )
        batches = validation_batches(source, order, batch_size=VALIDATION_BATCH)
        return [(inputs, goals) for inputs, goals, _ in batches.dataset]

    def _losses(self, model: keras.Model) -> Losses:
        # Without label smoothing: trials that differ in it could not be compared.
        losses = self._problem.training.losses
        return np.concatenate(
            [losses(model(inputs, training=False), goals) for inputs, goals in self._held_out]
        )


def _bench_of(*batches: object) -> Bench:
    """Return what trains heads in the same batches: arguments tell them apart."""
    return Bench()
