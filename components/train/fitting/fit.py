"""One phase of training: early stopping, best weights, checkpoints, and a stop on NaN."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from components.train.fitting.checkpoints import Checkpoints, Progress, Row, assign, values_of
from components.train.fitting.curves import write_curves
from components.train.fitting.examples import Batches
from sightline.ground.errors import DataError
from sightline.problems.training import Training
from sightline.stage.log import Pace, event

MOST_STEPS_PER_CALL = 32
SAY_EVERY_SECONDS = 2.0
WITHOUT_DECAY = ["bias", "gamma", "beta"]


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


def fit(
    model: keras.Model,
    phase: Phase,
    *,
    training: Callable[[int], Batches],
    validation: Batches | None,
    learning: Training,
    checkpoints: Checkpoints,
    logs: Path,
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
        logs: TensorBoard's folder.

    Raises:
        DataError: the loss became infinite or no number.
    """
    progress = checkpoints.load(phase.name)
    first_epoch = len(progress.history)
    if not progress.finished:
        batches = training(first_epoch)
        compile_model(model, phase, learning, batches.steps)
        if first_epoch:
            assign(model.weights, progress.weights)
            assign(model.optimizer.variables, progress.optimizer)
            event("resumed", phase=phase.name, epoch=first_epoch)
        watcher = Watcher(
            phase,
            progress,
            checkpoints,
            logs,
            figures=("loss", *learning.figures),
            validated=validation is not None,
            steps=batches.steps,
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
        progress.finished = True
        progress.weights, progress.optimizer = [], []
        checkpoints.save(phase.name, progress)
    assign(model.weights, progress.best)
    return progress, len(progress.history) - first_epoch


def compile_model(model: keras.Model, phase: Phase, learning: Training, steps: int) -> None:
    """Set the optimiser: AdamW, an epoch of warm-up, then a cosine down to nothing."""
    warm_up = min(steps, phase.epochs * steps // 2)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=phase.learning_rate / 10,
        warmup_target=phase.learning_rate,
        warmup_steps=warm_up,
        decay_steps=phase.epochs * steps - warm_up,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=phase.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=WITHOUT_DECAY)
    objective = learning.objective(label_smoothing=phase.label_smoothing)
    model.compile(
        optimizer=optimizer,
        loss=objective.loss,
        weighted_metrics=list(objective.metrics),
        steps_per_execution=steps_per_call(steps),
    )
    optimizer.build(model.trainable_variables)


def steps_per_call(steps: int) -> int:
    """Return how many steps run in one call: a divisor, or an epoch would run over its end."""
    return max(n for n in range(1, min(steps, MOST_STEPS_PER_CALL) + 1) if steps % n == 0)


class Watcher(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Follow the epochs of a phase, keep the best weights and stop in time."""

    def __init__(
        self,
        phase: Phase,
        progress: Progress,
        checkpoints: Checkpoints,
        logs: Path,
        *,
        figures: tuple[str, ...],
        validated: bool,
        steps: int,
    ) -> None:
        super().__init__()
        self._figures = figures
        self._phase, self._progress, self._checkpoints = phase, progress, checkpoints
        self._monitor = "val_loss" if validated else None
        self._logs = logs
        self._steps, self._done = steps, 0
        self._pace = Pace(SAY_EVERY_SECONDS)

    def on_epoch_begin(self, epoch: int, logs: Row | None = None) -> None:
        """Set what dropout draws from, so that a resumed epoch draws the same."""
        self._done = epoch * self._steps
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
        progress.history.append(row)
        if self._is_best(row):
            progress.best_epoch = epoch + 1
            progress.best = values_of(self.model.weights)
        progress.weights = values_of(self.model.weights)
        progress.optimizer = values_of(self.model.optimizer.variables)
        self._checkpoints.save(self._phase.name, progress)
        write_curves(self._logs, self._phase.name, progress.history, self._figures)
        event(
            "epoch",
            phase=self._phase.name,
            done=epoch + 1,
            total=self._phase.epochs,
            **{name: round(value, 4) for name, value in row.items()},
        )
        self._say_progress(self._done + self._steps)
        if self._monitor and epoch + 1 - progress.best_epoch >= self._phase.patience:
            self.model.stop_training = True

    def _is_best(self, row: Row) -> bool:
        if self._monitor is None or self._progress.best_epoch == 0:
            return True
        return row[self._monitor] < self._progress.best_row[self._monitor]

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
