"""One phase of training: when it ends, its best weights, checkpoints, and a stop on NaN."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from components.train.fitting.checkpoints import (
    LOSS,
    VALIDATION_LOSS,
    Checkpoints,
    Progress,
    Row,
    assign,
    values_of,
)
from components.train.fitting.curves import write_curves
from components.train.fitting.examples import Batches
from components.train.fitting.optimizer import layer_shares, make_optimizer
from components.train.fitting.schedules import (
    Schedule,
    WarmUp,
    make_schedule,
    plateau_factor,
)
from components.train.learning_settings import ScheduleName
from components.train.networks import freeze_all_but_last
from components.train.settings import TrainSettings
from sightline.ground.errors import DataError
from sightline.problems.training import Training
from sightline.stage.log import Pace, event

MOST_STEPS_PER_CALL = 32
SAY_EVERY_SECONDS = 2.0
FIRST_EPOCHS = 2
"""In which negative transfer shows: the first one warms up."""
RATE = "learning_rate"


@dataclass(frozen=True, slots=True)
class Phase:
    """What one phase of training is told."""

    name: str
    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    seed: int
    schedule: ScheduleName = "cosine"
    warmup_epochs: int = 1
    clip_norm: float = 0.0
    shares: tuple[float, ...] = ()
    """How fast each variable learns, in their order, as a share of the rate; empty: all alike."""
    last_epoch: int = 0
    """After which it ends, as the schedule goes on; 0 where all epochs are trained."""
    worst_start: float = math.inf
    """Validation loss that the first epochs must come below, or they end the phase."""

    def warm_up(self, steps: int) -> int:
        """Return the steps in which the rate rises, where an epoch has so many."""
        return min(self.warmup_epochs * steps, self.epochs * steps // 2)

    def end_of(self, progress: Progress) -> str:
        """Say what ends the phase after these epochs; empty where it goes on.

        It follows from the history alone, so that a phase killed at its end ends there again.
        """
        done = len(progress.history)
        if done and VALIDATION_LOSS in progress.history[0]:
            first = [row[VALIDATION_LOSS] for row in progress.history[:FIRST_EPOCHS]]
            if done >= min(FIRST_EPOCHS, self.epochs) and min(first) > self.worst_start:
                return "negative transfer"
            if done - progress.best_epoch >= self.patience:
                return "patience"
        if self.last_epoch and done >= self.last_epoch:
            return "folds"
        return "epochs" if done >= self.epochs else ""

    def factor_after(self, history: Sequence[Row]) -> float:
        """Return what the schedule's rate is multiplied by after these epochs."""
        if self.schedule != "plateau" or not history:
            return 1.0
        listened = VALIDATION_LOSS if VALIDATION_LOSS in history[0] else LOSS
        return plateau_factor([row[listened] for row in history], max(1, self.patience // 3))


def phase_of(name: str, settings: TrainSettings) -> Phase:
    """Return what a phase is told by the settings of any recipe."""
    return Phase(
        name=name,
        epochs=settings.epochs,
        patience=settings.patience,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        label_smoothing=settings.label_smoothing,
        seed=settings.seed,
        schedule=settings.schedule,
        warmup_epochs=settings.warmup_epochs,
        clip_norm=settings.clip_norm,
    )


def fine_tuning(
    told: Phase,
    settings: TrainSettings,
    model: keras.Model,
    backbone: keras.Model,
    *,
    layers: int,
) -> Phase:
    """Let the backbone's last layers learn; return the phase at the rates for that."""
    lowest = settings.fine_tune_lowest_rate
    freeze_all_but_last(backbone, layers)
    shares, slowest = layer_shares(model, backbone, lowest)
    event("fine-tuning", phase=told.name, layers=layers, shares_of_the_rate=slowest)
    return replace(
        told,
        learning_rate=settings.fine_tune_learning_rate,
        shares=() if lowest == 1 else shares,
    )


def fit(
    model: keras.Model,
    phase: Phase,
    *,
    training: Callable[[int], Batches],
    validation: Batches | None,
    learning: Training,
    checkpoints: Checkpoints,
    logs: Path | None,
    schedule: Schedule | None = None,
) -> tuple[Progress, int]:
    """Train until the epochs are over or patience is, and leave the best weights in the model.

    Returns how it went, and how many epochs this attempt did.

    Args:
        model: what to train, with the layers that may learn set trainable.
        phase: how long and how fast.
        training: gives the batches from an epoch on, counted from 0.
        validation: what early stopping listens to; None trains all epochs and keeps the last.
        learning: what is minimised and counted.
        checkpoints: where the phase continues, if it was interrupted.
        logs: TensorBoard's folder; None writes no curves.
        schedule: the rate's, where the model is compiled.

    Raises:
        DataError: the loss became infinite or no number.
    """
    progress = checkpoints.load(phase.name)
    first_epoch = len(progress.history)
    if not progress.finished:
        if not phase.end_of(progress):
            batches = training(first_epoch)
            if schedule is None:
                schedule = compile_model(model, phase, learning, batches.steps)
            if first_epoch:
                assign(model.weights, progress.weights)
                assign(model.optimizer.variables, progress.optimizer)
                event("resumed", phase=phase.name, epoch=first_epoch)
            figures = (LOSS, *learning.figures)
            watcher = Watcher(
                phase, progress, schedule, checkpoints, logs, figures=figures, steps=batches.steps
            )
            model.fit(
                batches.dataset,
                initial_epoch=first_epoch,
                epochs=phase.epochs,
                steps_per_epoch=batches.steps,
                validation_data=None if validation is None else validation.dataset,
                callbacks=[watcher],
                shuffle=False,
                verbose=0,
            )
        progress.finished, progress.ended_by = True, phase.end_of(progress)
        progress.weights, progress.optimizer = [], []
        checkpoints.save(phase.name, progress)
    assign(model.weights, progress.best)
    return progress, len(progress.history) - first_epoch


def compile_model(
    model: keras.Model, phase: Phase, learning: Training, steps: int, rate: float | None = None
) -> Schedule:
    """Set optimiser, loss and metrics for epochs of so many steps; return the rate's schedule.

    A `rate` stands in the schedule's place, to be set at will.
    """
    schedule = make_schedule(
        phase.schedule,
        phase.learning_rate,
        warm_up=phase.warm_up(steps),
        steps=phase.epochs * steps,
    )
    optimizer = make_optimizer(
        rate or schedule, phase.shares, weight_decay=phase.weight_decay, clip_norm=phase.clip_norm
    )
    objective = learning.objective(label_smoothing=phase.label_smoothing)
    model.compile(
        optimizer=optimizer,
        loss=objective.loss,
        weighted_metrics=list(objective.metrics),
        steps_per_execution=steps_per_call(steps),
    )
    optimizer.build(model.trainable_variables)
    return schedule


def steps_per_call(steps: int) -> int:
    """Return how many steps run in one call: a divisor, or an epoch would run over its end."""
    return max(n for n in range(1, min(steps, MOST_STEPS_PER_CALL) + 1) if steps % n == 0)


class Watcher(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Follow the epochs of a phase, keep the best weights and stop in time."""

    def __init__(
        self,
        phase: Phase,
        progress: Progress,
        schedule: Schedule,
        checkpoints: Checkpoints,
        logs: Path | None,
        *,
        figures: tuple[str, ...],
        steps: int,
    ) -> None:
        super().__init__()
        self._figures = figures
        self._phase, self._progress, self._checkpoints = phase, progress, checkpoints
        self._schedule = schedule
        self._logs = logs
        self._steps, self._done = steps, 0
        self._pace = Pace(SAY_EVERY_SECONDS)

    def on_epoch_begin(self, epoch: int, logs: Row | None = None) -> None:
        """Set the rate, and what dropout draws from, so that a resumed epoch draws the same."""
        self._done = epoch * self._steps
        if isinstance(self._schedule, WarmUp):
            self._schedule.set_factor(self._phase.factor_after(self._progress.history))
        for index, state in enumerate(_seed_states(self.model)):
            state.assign([self._phase.seed + index, epoch])

    def on_train_batch_end(self, batch: int, logs: Row | None = None) -> None:
        """Say how far the phase is, counted to the last epoch that there may be."""
        if self._pace.is_due():
            self._say_progress(self._done + batch + 1)

    def _say_progress(self, done: int) -> None:
        total = self._phase.epochs * self._steps
        event("progress", what=f"{self._phase.name} steps", done=done, total=total)

    def on_epoch_end(self, epoch: int, logs: Row | None = None) -> None:
        """Note the epoch's figures, and stop when they no longer improve."""
        row = {name: float(value) for name, value in (logs or {}).items()}
        self._refuse_nan(row, epoch)
        progress = self._progress
        rate = {RATE: float(self.model.optimizer.learning_rate)}
        progress.history.append(row | rate)
        if self._is_best(row):
            progress.best_epoch = epoch + 1
            progress.best = values_of(self.model.weights)
        self._checkpoints.save(self._phase.name, progress, self.model)
        write_curves(self._logs, self._phase.name, progress.history, self._figures)
        event(
            "epoch",
            phase=self._phase.name,
            done=epoch + 1,
            total=self._phase.epochs,
            **{name: round(value, 4) for name, value in row.items()},
        )
        self._say_progress(self._done + self._steps)
        self.model.stop_training = bool(self._phase.end_of(progress))

    def _is_best(self, row: Row) -> bool:
        if VALIDATION_LOSS not in row or self._progress.best_epoch == 0:
            return True
        return row[VALIDATION_LOSS] < self._progress.best_row[VALIDATION_LOSS]

    def _refuse_nan(self, row: Row, epoch: int) -> None:
        if all(math.isfinite(value) for value in row.values()):
            return
        raise DataError(
            f"Expected a finite loss; received {row.get('loss')} in epoch {epoch + 1} of phase "
            f"{self._phase.name}, at learning rate {self._phase.learning_rate:g}. Lower "
            "train.learning_rate (or train.fine_tune_learning_rate), and look at the images in "
            "the preprocess report."
        )


def _seed_states(model: keras.Model) -> list[Any]:
    return [one for one in model.variables if one.path.endswith("seed_generator_state")]
