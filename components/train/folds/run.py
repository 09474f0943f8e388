"""Folds and seeds around the training that counts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from components.train.fitting.checkpoints import Checkpoints
from components.train.fitting.features import FeatureSource
from components.train.fitting.material import OfRows, Pool
from components.train.fitting.preparing import Prepared
from components.train.fitting.trained import Trained
from components.train.fitting.training import Training
from components.train.folds.choose import choose
from components.train.folds.chosen import Among, Chosen
from components.train.folds.deal import Round, rounds_of
from components.train.folds.measure import Measured, measure
from components.train.folds.rounds import Judged, in_order, run_rounds
from components.train.folds.table import described, write_answers
from components.train.heads.calibrate import HeldOut
from components.train.planning.plan import Network, network_of
from components.train.settings import TrainSettings
from sightline.ground.headlines.headline import numbers_of
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.log import event

OUT_OF_FOLD = "out-of-fold image"


@dataclass(frozen=True, slots=True)
class Folds:
    """What folds or seeds said of a training."""

    measured: Measured
    described: dict[str, Any]
    """As `model.json` has it."""

    @property
    def numbers(self) -> dict[str, float]:
        """Return the figures as the pipeline's metrics show them."""
        found = numbers_of(self.measured.figures)
        deviations = {f"{one.name}_deviation": one.deviation for one in self.measured.figures}
        both = {**found, **deviations}
        return {name: value for name, value in both.items() if value is not None}


@dataclass
class Rounds:
    """The trainings beside the one that counts, which are judged and thrown away."""

    records: Path
    info: RecordsInfo
    settings: TrainSettings
    prepared: Prepared
    checkpoints: Checkpoints
    source: FeatureSource | None
    judged: list[Judged] = field(default_factory=list)
    chosen: Chosen | None = None

    def __post_init__(self) -> None:
        self.pool = Pool(self.records, self.info)
        self._rounds = rounds_of(self.pool, self.settings)

    def run(self) -> Among | None:
        """Train and judge all rounds; return what they tell the training that counts."""
        self.judged = run_rounds(self._rounds, self.checkpoints, self._train)
        if not self.settings.folds:
            return None
        self.chosen = chosen = choose([one.told for one in self.judged], self.settings)
        event("folds chose", head=chosen.head, epochs=dict(chosen.epochs), reason=chosen.reason)
        first = [one for one in self.judged if one.round.repeat == 1]
        _, answers, goals = in_order(first)
        return Among(
            self.pool.whole,
            self._features_folder,
            chosen=chosen,
            ask=lambda: HeldOut(answers, goals, OUT_OF_FOLD),
        )

    def folds(self, training: Training, trained: Trained, folder: Path) -> Folds:
        """Return what the rounds say, and write their answers beside the model.

        Of seeds, the training that counts is the first.
        """
        judged, kept = self.judged, trained.kept_phase
        if not self.settings.folds:
            found = training.answered(trained.model, kept)
            one = Round(1, 0, self.settings.seed, self._rounds[0].rows)
            first = Judged(one, training.told(kept), found.answers, found.goals)
            judged = [first, *judged]
        measured = measure(
            self.pool, judged, num_folds=self.settings.folds, num_repeats=self.settings.repeats
        )
        for figure in measured.figures:
            event("cross-validated", figure=figure.label, found=figure.text)
        write_answers(folder, self.pool, measured)
        return Folds(measured, described(measured, self.chosen))

    def begin_anew(self, settings: TrainSettings) -> Network | None:
        """Have a training begin as if it were the only one; return its backbone.

        A round that fine-tunes changes its backbone's weights, and names of layers count up.
        """
        keras.backend.clear_session()
        keras.utils.set_random_seed(settings.seed)
        return network_of(self.info, settings) if self.prepared.backbone else None

    @property
    def _features_folder(self) -> Path:
        return self.checkpoints.folder / "features"

    def _train(self, one: Round, checkpoints: Checkpoints) -> Judged:
        settings = self.settings.model_copy(update={"seed": one.seed})
        backbone = self.begin_anew(settings)
        training = Training(
            self.records,
            self.info,
            settings,
            self.prepared.plan,
            backbone=backbone,
            checkpoints=checkpoints,
            logs=None,
            features=self.source,
            among=Among(OfRows(self.pool, one.rows), self._features_folder, heads_do=True),
        )
        model, kept = training.follow()
        found = training.answered(model, kept)
        return Judged(one, training.told(kept), found.answers, found.goals)
