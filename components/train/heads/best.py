"""The head on features: the better of a small closed set."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np

from components.train.fitting.checkpoints import Progress, Row, assign, values_of
from components.train.heads.examples import Array, Examples
from components.train.heads.linear import Fit, best_of, fit_path
from components.train.heads.page import CROSS_VALIDATED, STRENGTH
from sightline.ground.errors import SettingsError
from sightline.ground.wording import counted
from sightline.problems._figures.intervals import standard_error
from sightline.problems.linear import LinearModel
from sightline.problems.training import Training
from sightline.stage.formats.model import HeadInfo
from sightline.stage.log import event

STANDARD_ERRORS = 2
ASKED_FOR = "The setting train.head asks for it."
HeadName = Literal["auto", "linear", "dense"]
Build = Callable[[], keras.Sequential]
"""Builds a head that has learned nothing."""
TrainDense = Callable[[keras.Sequential], Progress]
"""Trains a head by epochs."""


@dataclass(frozen=True, slots=True)
class Best:
    """A head with its weights, and how it came about."""

    top: keras.Sequential
    progress: Progress
    info: HeadInfo
    held_out: Array
    """The loss of each validation image, without label smoothing; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Task:
    """What both heads are made for."""

    questions: Training
    training: Callable[[], Examples]
    """Makes what a linear head is fitted to; a dense one needs none of it."""
    validation: Examples | None
    seed: int
    label_smoothing: float = 0.0
    """What figures of history are computed with, so that phases compare. It chooses nothing."""


def best_head(
    task: Task,
    wanted: HeadName,
    *,
    hidden_units: int,
    build: Build,
    train_dense: TrainDense,
) -> Best:
    """Return the head that was asked for, or the better one.

    The linear one has no hidden layer, and its strength is cross-validated on training images.
    `auto` takes the dense one only if its loss on validation images is lower by more than two
    standard errors of the difference: its epoch was chosen on these images, which flatters it.

    Args:
        task: what both learn.
        wanted: what was asked for.
        hidden_units: of the dense head; only it has any, so `auto` then takes it.
        build: a head that has learned nothing.
        train_dense: trains a head by epochs.

    Raises:
        SettingsError: a linear head was asked for, and there is none for this kind of problem.
    """
    model = task.questions.linear_model()
    if reason := why_dense(model, wanted, hidden_units=hidden_units):
        return dense(task, build, train_dense, reason)
    if model is None:
        raise SettingsError(
            "train.head linear: expected a kind of problem that has a linear model; this one has "
            "none. Set train.head to auto or dense."
        )
    first = linear(task, model, build, ASKED_FOR)
    if wanted == "linear":
        return first
    if task.validation is None:
        reason = "There is no validation split to tell whether a dense one is better."
        return replace(first, info=replace(first.info, reason=reason))
    return better_of(task, first, dense(task, build, train_dense, ""))


def why_dense(model: LinearModel | None, wanted: HeadName, *, hidden_units: int) -> str:
    """Say why nothing but a dense head comes into question; nothing where something does."""
    if wanted == "dense":
        return ASKED_FOR
    if wanted == "auto" and model is None:
        return "This kind of problem has no linear one."
    if wanted == "auto" and hidden_units:
        return "The setting train.hidden_units asks for a hidden layer."
    return ""


def dense(task: Task, build: Build, train: TrainDense, reason: str) -> Best:
    """Train a head by epochs."""
    top = build()
    progress = train(top)
    return _judged(task, "dense", top, progress, reason)


def linear(task: Task, model: LinearModel, build: Build, reason: str) -> Best:
    """Fit a linear head, in one step for each strength."""
    top = build()
    last, behind = fitted_layer(top)
    training = task.training()

    def losses(scores: Array, goals: Array) -> Array:
        answers = last.activation(keras.ops.convert_to_tensor(scores, "float32"))
        for layer in behind:
            answers = layer(answers)
        return task.questions.losses(answers, goals)

    fits = fit_path(model, training, losses, seed=task.seed)
    rows = []
    for one in fits:
        assign([last.kernel, last.bias], list(one.weights))
        rows.append(_row(task, top, one, training))
        event("strength", model=model.name, **{name: round(v, 4) for name, v in rows[-1].items()})
    best = best_of(fits)
    assign([last.kernel, last.bias], list(fits[best].weights))
    progress = Progress(
        history=rows, best_epoch=best + 1, finished=True, best=values_of(top.weights)
    )
    told = {"model": model.name, "strength": fits[best].strength}
    return _judged(task, "linear", top, progress, reason, **told)


def fitted_layer(top: keras.Sequential) -> tuple[keras.layers.Dense, list[keras.layers.Layer]]:
    """Return the layer that a linear model gives its weights, and the fixed ones behind it."""
    place = max(
        number for number, one in enumerate(top.layers) if isinstance(one, keras.layers.Dense)
    )
    return top.layers[place], top.layers[place + 1 :]


def better_of(task: Task, first: Best, second: Best) -> Best:
    """Choose between the linear and the dense head by their losses on validation images."""
    gain = first.held_out - second.held_out
    doubt = STANDARD_ERRORS * standard_error(gain)
    two_errors = f"{doubt:.4f}" if math.isfinite(doubt) else "which one image does not tell"
    figures = first.info.validation_loss | second.info.validation_loss
    compared = " and ".join(f"{name} {loss:.4f}" for name, loss in figures.items())
    if gain.mean() > doubt:
        better, said = second, f"dense is lower by more than two standard errors, {two_errors}"
    else:
        better, said = first, f"dense is not lower by more than two standard errors, {two_errors}"
    reason = f"Loss on {counted(len(gain), 'validation image')}: {compared}; {said}."
    return replace(better, info=replace(better.info, reason=reason, validation_loss=figures))


def losses_of(task: Task, top: keras.Sequential) -> Array:
    """Return the loss of each validation image, without label smoothing."""
    if task.validation is None:
        return np.zeros(0)
    losses = task.questions.losses
    return np.concatenate(
        [
            losses(top(part.features, training=False), part.goals)
            for part in task.validation.batches()
        ]
    )


def _judged(
    task: Task, name: str, top: keras.Sequential, progress: Progress, reason: str, **more: Any
) -> Best:
    held_out = losses_of(task, top)
    found = {name: float(held_out.mean())} if len(held_out) else {}
    given = {"model": "", "strength": None, **more}
    info = HeadInfo(name=name, reason=reason, validation_loss=found, **given)
    return Best(top, progress, info, held_out)


def _row(task: Task, top: keras.Sequential, fit: Fit, training: Examples) -> Row:
    """Return the figures of a strength, named as Keras names those of an epoch."""
    row = _figures(task, top, training)
    if task.validation is not None:
        held_out = _figures(task, top, task.validation)
        row |= {f"val_{name}": value for name, value in held_out.items()}
    return row | {STRENGTH: fit.strength, CROSS_VALIDATED: fit.cross_validated_loss}


def _figures(task: Task, top: keras.Sequential, examples: Examples) -> Row:
    smoothing = task.label_smoothing
    metrics = task.questions.objective(label_smoothing=smoothing).metrics
    losses = []
    for part in examples.batches():
        answers = top(part.features, training=False)
        losses.append(task.questions.losses(answers, part.goals, label_smoothing=smoothing))
        for metric in metrics:
            metric.update_state(part.goals, answers, sample_weight=part.weights)
    found = {metric.name: float(metric.result()) for metric in metrics}
    loss = np.average(np.concatenate(losses), weights=examples.weights)
    return {**found, "loss": float(loss)}
