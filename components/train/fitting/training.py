"""Train by a plan: what is built, what learns, in which phases."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

import keras

from components.train import networks
from components.train.augmentation.changes import Augmentation
from components.train.backbones import scaling_of
from components.train.fitting.checkpoints import Checkpoints, Progress, assign, values_of
from components.train.fitting.curves import write_curves
from components.train.fitting.examples import (
    Batches,
    InMemory,
    Order,
    Source,
    training_batches,
    validation_batches,
)
from components.train.fitting.features import FeatureCache, FeatureSource, fast_function
from components.train.fitting.fit import Phase, fine_tuning, fit, phase_of
from components.train.fitting.material import OfSplits, Part
from components.train.fitting.rate_finder import RateSearch, find_rate
from components.train.fitting.trained import Trained
from components.train.folds.chosen import Among, Told, told_of
from components.train.heads.bench import Bench
from components.train.heads.calibrate import HeldOut, answers_of
from components.train.heads.choose import Heads
from components.train.heads.examples import VALIDATION_BATCH
from components.train.planning.batch_size import STANDARD, from_memory
from components.train.planning.plan import Network, Plan
from components.train.planning.recipe import recipe_of
from components.train.pretrained.model_file import innermost
from components.train.settings import TrainSettings
from components.train.timing.spent import FEATURES, Times, rate_of, timed
from components.train.warm.network import begin_as
from sightline.problems import problem_of
from sightline.problems.training import Decided
from sightline.stage.formats.model import HEAD, Calibration, HeadInfo
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.log import event

BuildNetwork = Callable[[PreprocessingContract, networks.HeadShape], keras.Model]
"""Builds a network from pixels to answers."""


class Training:
    """One training: its records, plan and folders, which all phases share."""

    def __init__(
        self,
        records: Path,
        info: RecordsInfo,
        settings: TrainSettings,
        plan: Plan,
        *,
        backbone: Network | None,
        checkpoints: Checkpoints,
        logs: Path | None,
        features: FeatureSource | None = None,
        bench: Bench | None = None,
        among: Among | None = None,
    ) -> None:
        """Take what all phases need.

        `backbone`: None where the recipe has none.
        `features`: where those of a backbone come from; TensorFlow computes them unless given.
        `bench`: trains heads on them; for many trainings in a row.
        `among`: what it is told as one of several; nothing where it is the only one.
        """
        self._records, self._info, self._settings, self._plan = records, info, settings, plan
        self._backbone, self._features = backbone, features
        self._checkpoints, self._logs, self._bench = checkpoints, logs, bench
        self._problem = problem_of(info.problem, info.about)
        self._order = Order(
            targets=self._problem.targets,
            training=self._problem.training,
            num_classes=len(info.classes),
            batch_size=settings.batch_size or STANDARD,
            seed=settings.seed,
            class_weights=plan.class_weights,
        )
        self._among = among or Among(OfSplits(records, info), checkpoints.folder / "features")
        self._material, self._chosen = self._among.material, self._among.chosen
        self._heads = Heads(settings, self._order, self._chosen)
        self._has_validation = self._material.count("validation") > 0
        self._phases: dict[str, Progress] = {}
        self._told: dict[str, Phase] = {}
        self._search: RateSearch | None = None
        self._on_features: dict[str, InMemory | None] = {}
        self._head: HeadInfo | None = None
        self._batch_reasons: dict[str, str] = {}
        self._times = Times(on_gpu=bool(plan.devices))

    def run(self) -> Trained:
        """Follow the recipe, then give the model a temperature.

        Raises:
            DataError: the loss became infinite or no number.
        """
        model, kept = self.follow()
        calibration, decided = self._calibrate(model, kept)
        # Another model of the same layers: a file needs no optimiser, which is twice as large.
        bare = keras.Model(model.inputs, model.outputs, name=model.name)
        return Trained(
            bare,
            self._phases,
            self._told,
            kept_phase=kept,
            kept_on_features=kept in self._on_features,
            spent=self._times.spent,
            batch_reasons=self._batch_reasons,
            search=self._search,
            head=self._head,
            calibration=calibration,
            decided=decided,
        )

    def follow(self) -> tuple[keras.Model, str]:
        """Follow the recipe; return the model and the phase that its weights are from.

        Raises:
            DataError: the loss became infinite or no number.
        """
        return recipe_of(self._plan.recipe).follow(self)

    def train_network(self, build: BuildNetwork, phase: str) -> keras.Model:
        """Build a network without a backbone, and train all of it on images."""
        self._begin_alike()
        model = build(self._info.contract, self._heads.shape)
        self._fit_images(model, phase_of(phase, self._settings))
        return model

    def train_head(self, phase: str) -> keras.Model:
        """Train a head on features that are computed once; return it on its backbone."""
        source = self._features or FeatureCache(
            fast_function(self._extractor), self._among.features_folder
        )
        training, validation = self._features_from(source)
        top = self.fit_head(phase, training, validation)
        if self._among.heads_do and "images" not in recipe_of(self._plan.recipe).needs:
            return top
        return networks.assemble(self._extractor, top)

    def _features_from(self, source: FeatureSource) -> tuple[InMemory, InMemory | None]:
        """Return the features of the training and of the validation split."""
        self._features = source
        before, validation = source.num_computed, None
        with timed() as clock:
            training = self._material.features(source, "train")
            if self._has_validation:
                validation = self._material.features(source, "validation")
        seen = (1 + training.views) * training.num_examples
        seen += self._material.count("validation")
        self._times.note(FEATURES, seen, clock)
        computed, seconds = source.num_computed - before, round(clock.seconds, 3)
        event("features", computed=computed, reused=seen - computed, seconds=seconds)
        return training, validation

    def fit_head(
        self, phase: str, training: InMemory, validation: InMemory | None
    ) -> keras.Sequential:
        """Train a head on features at hand."""
        self._begin_alike()

        def train_dense(top: keras.Sequential) -> Progress:
            self._fit(top, phase_of(phase, self._settings), training, validation, self._order)
            return self._phases[phase]

        with timed() as clock:
            best = self._heads.choose(training, validation, train_dense)
        self._times.note(phase, 0, clock)
        self._head, self._phases[phase] = best.info, best.progress
        if best.info.name == "linear":  # no rate and no epochs to tell of
            self._told.pop(phase, None)
        figures = ("loss", *self._problem.training.figures)
        write_curves(self._logs, phase, best.progress.history, figures)
        self._on_features[phase] = validation
        return best.top

    def progress(self, phase: str) -> Progress:
        """Return how a phase went."""
        return self._phases[phase]

    def told(self, kept: str) -> Told:
        """Return how it went, whose weights are from this phase."""
        return told_of(kept, self._phases, self._head, self._material.count("train"))

    def _calibrate(self, model: keras.Model, kept: str) -> tuple[Calibration | None, Decided]:
        """Give a network a temperature and thresholds, where validation images prove them."""
        ask = self._among.ask
        if ask is None and self._has_validation:
            ask = cache(lambda: self._answered(model, kept, "validation"))
        return self._heads.finish(model, ask, self._info)

    def answered(self, model: keras.Model, kept: str) -> HeldOut:
        """Return what a model says of the images that it is judged on."""
        return self._answered(model, kept, "judged")

    def _answered(self, model: keras.Model, kept: str, part: Part) -> HeldOut:
        held_out: Source
        if kept in self._on_features and self._features is not None:
            asked = model if model.name == HEAD else model.get_layer(HEAD)
            known = self._on_features[kept] if part == "validation" else None
            held_out = known or self._material.features(self._features, part)
        else:
            # From the disk: those that the phases held may still be in memory.
            asked, held_out = model, self._material.on_disk(part)
        size = self._order.batch_size
        return answers_of(asked, validation_batches(held_out, self._order, batch_size=size))

    def train_champion(self, phase: str) -> keras.Model:
        """Begin as the champion, and train its head, its backbone's last layers, or all of it."""
        champion, settings = self._plan.champion, self._settings
        if champion is None:
            raise ValueError("expected a champion, as the recipe needs one; received none")
        self._begin_alike()
        begun = begin_as(champion, self._problem.training, self._info.classes)
        told = replace(phase_of(phase, self._settings), epochs=settings.warm_start_epochs)
        if champion.learns_on_features:
            folder = self._checkpoints.folder / "features"
            source = self._features or FeatureCache(fast_function(begun.body), folder)
            training, validation = self._features_from(source)
            self._fit(begun.head, told, training, validation, self._order)
            self._on_features[phase] = validation
            return networks.assemble(begun.body, begun.head)
        model = networks.assemble(begun.body, begun.head)
        if champion.learns_whole:
            rate = settings.warm_start_rate * settings.learning_rate
            self._fit_images(model, replace(told, learning_rate=rate))
        else:
            backbone, layers = begun.backbone, settings.fine_tune_layers
            self._fit_images(model, fine_tuning(told, settings, model, backbone, layers=layers))
        return model

    @property
    def fine_tune_stages(self) -> list[int]:
        """How many of the backbone's last layers learn, stage by stage, down to all of them."""
        layers, depth = self._settings.fine_tune_layers, len(innermost(self._network()))
        stages = range(1, self._settings.fine_tune_stages + 1)
        return [number * layers for number in stages if (number - 1) * layers < depth]

    def fine_tune(self, model: keras.Model, phase: str, *, layers: int, than: str) -> bool:
        """Train the backbone's last layers too; tell whether that beat an earlier phase.

        Where it did not, the model is what it was before.
        """
        if self._chosen and phase not in self._chosen.epochs:
            event("fine_tuning_left_out", phase=phase, reason=self._chosen.reason)
            return False
        settings, backbone = self._settings, self._network()
        before, beaten = values_of(model.weights), self._phases[than].best_row.get("val_loss")
        told = replace(phase_of(phase, self._settings), epochs=settings.fine_tune_epochs)
        told = fine_tuning(told, settings, model, backbone, layers=layers)
        if beaten is not None:
            told = replace(told, worst_start=beaten * (1 + settings.negative_transfer_margin))
        self._fit_images(model, told)
        tuned = self._phases[phase].best_row
        if beaten is None or tuned["val_loss"] <= beaten:
            return True
        assign(model.weights, before)
        event("fine_tuning_dropped", val_loss=tuned["val_loss"], val_loss_before=beaten)
        return False

    def _begin_alike(self) -> None:
        """Have weights begin alike, whatever was built before in this process."""
        keras.utils.set_random_seed(self._settings.seed)

    def _network(self) -> keras.Model:
        if self._backbone is None:
            raise ValueError("expected a backbone, as the recipe needs weights; received none")
        return self._backbone()

    @cached_property
    def _extractor(self) -> keras.Model:
        scaling = scaling_of(self._settings.backbone)
        return networks.feature_extractor(self._info.contract, self._network(), scaling)

    def _fit_images(self, model: keras.Model, phase: Phase) -> None:
        ranges = self._settings.changes(self._plan.augment)
        order = replace(
            self._order,
            augment=Augmentation(ranges) if ranges else None,
            mixup=self._settings.mixup,
            batch_size=self._settings.batch_size or self._batch_from_memory(model, phase),
        )
        training = self._material.images("train")
        validation = self._material.images("validation") if self._has_validation else None
        with timed() as clock:
            num_epochs = self._fit(model, phase, training, validation, order)
        seen = num_epochs * self._material.count("train")
        self._times.note(phase.name, seen, clock, lambda: rate_of(training, order))

    def _batch_from_memory(self, model: keras.Model, phase: Phase) -> int:
        """Return how many images a step takes: what a killed attempt took, too."""
        count, on_gpu = self._info.num_images("train"), bool(self._plan.devices)
        size, reason = self._checkpoints.decided(
            f"{phase.name}-batch", lambda: from_memory(model, count, on_gpu=on_gpu)
        )
        self._batch_reasons[phase.name] = f"{size} images per step: {reason}"
        event("batch size", phase=phase.name, size=size, reason=reason)
        return size

    def _fit(
        self,
        model: keras.Model,
        phase: Phase,
        training: Source,
        validation: Source | None,
        order: Order,
    ) -> int:
        """Run a phase; return how many epochs this attempt did."""
        held_out = None
        if validation is not None:
            held_out = validation_batches(validation, self._order, batch_size=VALIDATION_BATCH)

        def batches(first_epoch: int) -> Batches:
            return training_batches(training, order, first_epoch=first_epoch)

        settings, learning = self._settings, self._problem.training
        if self._chosen:
            phase = replace(phase, last_epoch=self._chosen.epochs.get(phase.name, 0))
        # A live model's rate is a careful one: a search would let it forget.
        careful = phase.learning_rate != settings.learning_rate
        if settings.find_learning_rate and not careful and not self._phases:
            self._search = find_rate(
                model, phase, batches(0), learning=learning, checkpoints=self._checkpoints
            )
            phase = self._search.at_chosen(phase)
        run = self._bench.fit if self._bench and isinstance(training, InMemory) else fit
        progress, num_epochs = run(
            model,
            phase,
            training=batches,
            validation=held_out,
            learning=learning,
            checkpoints=self._checkpoints,
            logs=self._logs,
        )
        self._phases[phase.name], self._told[phase.name] = progress, phase
        event("trained", phase=phase.name, epochs=len(progress.history), best=progress.best_epoch)
        return num_epochs
