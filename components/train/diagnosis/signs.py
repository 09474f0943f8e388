"""Good and bad signs of a training, read from its history: what they are, and what to do.

A large drop of the loss within three epochs and a validation curve close to the training curve are
good; flat, jumping, rising and parting curves are bad.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from components.train.fitting.checkpoints import LOSS, VALIDATION_LOSS

Row = Mapping[str, float]
CERTAIN = 2.0
"""Standard errors beyond which chance is no likely reason."""
FIRST_EPOCHS = 3
FEWEST_EPOCHS = 3
FLAT = 0.02
"""Share of the first loss that must be gone for a loss to have fallen at all."""
JUMPS = 1 / 3
"""Share of epochs in which the training loss rose noticeably."""
JUMP = 0.05
RISEN = 1.5
"""Times the lowest loss from which on a training has diverged."""
STILL_FALLING = 0.01
"""Share of the validation loss by which the last epoch was better, for more epochs to pay."""
SLOW = 0.5
"""Share of the first loss that is left after all epochs of a rate that may be too low."""
GAP = 0.1
FAR_BETTER = 0.05
RISE_AFTER_BEST = 0.25


@dataclass(frozen=True, slots=True)
class Counts:
    """What a history is held against."""

    num_validation: int
    share: str = ""
    """Name of the logged figure that is a share of right answers; empty where there is none."""
    chance: float | None = None
    """That share of always the most frequent answer."""
    ended_at_last: bool = False
    """Whether the phase ended since its epochs were over."""
    changed_images: bool = False
    """Whether training images are changed at random, or units dropped, which validation is not."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign, with its figures and advice."""

    name: str
    severity: Literal["good", "info", "warning"]
    title: str
    advice: str = ""


def signs(history: Sequence[Row], counts: Counts) -> tuple[Sign, ...]:
    """Return the signs of one phase, the worst first; the good one where there is no bad one.

    `history` has a row per epoch: `loss`, further figures, and the same with `val_` where there is
    a validation split.
    """
    if not history:
        return ()
    learned_nothing = tuple(_learned_nothing(history, counts))
    if learned_nothing:
        # Other signs would only say the same again.
        return learned_nothing
    found = (
        *_unsteady(history),
        *_dead_validation(history),
        *_unfinished(history, counts),
        *_overfitting(history, counts),
        *_better_on_validation(history, counts),
        *_underfitting(history, counts),
    )
    return found or tuple(_going_well(history))


def _learned_nothing(history: Sequence[Row], counts: Counts) -> Iterator[Sign]:
    first, last = history[0][LOSS], history[-1][LOSS]
    lowest = min(row[LOSS] for row in history)
    flat = len(history) >= FEWEST_EPOCHS and lowest > first * (1 - FLAT)
    # With a step or two an epoch, right answers come before the loss moves.
    flat &= history[-1].get(counts.share, 0.0) - history[0].get(counts.share, 0.0) < GAP
    at_chance = _at_chance(history, counts)
    if flat:
        yield Sign(
            "flat loss",
            "warning",
            f"The training loss did not fall: {first:.4g} in the first epoch, {last:.4g} in the "
            f"last.{_chance_said(history, counts) if at_chance else ''}",
            "Most likely the learning rate is too high, or far too low: set "
            "train.find_learning_rate to true. If that finds none, look whether labels belong to "
            "their images.",
        )
    elif at_chance:
        yield Sign(
            "no better than chance",
            "warning",
            "On validation images the model cannot be told from chance."
            + _chance_said(history, counts),
            "Look whether labels belong to their images, then set train.find_learning_rate to "
            "true; with few images, collect more.",
        )


def _at_chance(history: Sequence[Row], counts: Counts) -> bool:
    best = _best(history)
    name = f"val_{counts.share}"
    if counts.chance is None or not counts.share or not counts.num_validation or name not in best:
        return False
    return best[name] <= counts.chance + CERTAIN * _error(counts.chance, counts.num_validation)


def _chance_said(history: Sequence[Row], counts: Counts) -> str:
    received = _best(history)[f"val_{counts.share}"]
    return (
        f" It names {received:.1%} of {counts.num_validation:,} validation images right; always "
        f"the most frequent answer, {counts.chance:.1%}."
    )


def _unsteady(history: Sequence[Row]) -> Iterator[Sign]:
    losses = [row[LOSS] for row in history]
    lowest, last = min(losses), losses[-1]
    rises = sum(after > before * (1 + JUMP) for before, after in pairwise(losses))
    if len(losses) >= FEWEST_EPOCHS and last > RISEN * lowest and last > lowest + 1e-3:
        yield Sign(
            "divergence",
            "warning",
            f"The training loss rose again, from {lowest:.4g} to {last:.4g} at the end.",
            "Lower train.learning_rate to a third, or set train.clip_norm to 1.",
        )
    elif len(losses) > FEWEST_EPOCHS and rises / (len(losses) - 1) >= JUMPS:
        yield Sign(
            "jumping loss",
            "warning",
            f"The training loss jumped up in {rises} of {len(losses) - 1} epochs, which a learning "
            "rate that is too high does.",
            "Lower train.learning_rate to a third, or raise train.batch_size.",
        )


def _dead_validation(history: Sequence[Row]) -> Iterator[Sign]:
    if VALIDATION_LOSS not in history[0] or len(history) < FEWEST_EPOCHS:
        return
    held = [row[VALIDATION_LOSS] for row in history]
    if max(held) - min(held) <= 1e-6 * max(abs(max(held)), 1.0):
        yield Sign(
            "dead validation curve",
            "warning",
            f"The validation loss is {held[-1]:.4g} in every epoch, though the training loss fell.",
            "Look whether the validation split holds images of more than one class, and whether "
            "they are copies of one picture.",
        )


def _unfinished(history: Sequence[Row], counts: Counts) -> Iterator[Sign]:
    name = VALIDATION_LOSS if VALIDATION_LOSS in history[0] else LOSS
    listened = [row[name] for row in history]
    if not counts.ended_at_last or len(listened) < FEWEST_EPOCHS or listened[-1] > min(listened):
        return
    gained = 1 - listened[-1] / listened[-2] if listened[-2] > 0 else 0.0
    if gained < STILL_FALLING:
        return
    split = "validation" if name == VALIDATION_LOSS else "training"
    slow = min(row[LOSS] for row in history) > SLOW * history[0][LOSS]
    steady = all(after < before for before, after in pairwise(row[LOSS] for row in history))
    too_low = (
        " It fell slowly all the way, so the learning rate may be too low."
        if (slow and steady)
        else ""
    )
    yield Sign(
        "not converged",
        "warning",
        f"The {split} loss was still falling when the epochs were over: by {gained:.1%} in the "
        f"last of {len(listened)}.{too_low}",
        "Raise train.epochs; training ends by itself where the validation loss no longer falls."
        + (" Try three times train.learning_rate, too." if too_low else ""),
    )


def _overfitting(history: Sequence[Row], counts: Counts) -> Iterator[Sign]:
    if VALIDATION_LOSS not in history[0]:
        return
    best, last = _best(history), history[-1]
    cure = (
        "More images help most; then train.augment, a higher train.dropout or train.weight_decay, "
        "or a smaller train.hidden_units."
    )
    gap = _gap(best, counts)
    if gap is not None and gap > max(
        GAP, CERTAIN * _error(best[f"val_{counts.share}"], counts.num_validation)
    ):
        yield Sign(
            "overfitting",
            "info",
            f"The kept weights know the training images better than others: "
            f"{best[counts.share]:.1%} of them right, {best[f'val_{counts.share}']:.1%} of "
            f"{counts.num_validation:,} validation images.",
            cure,
        )
    elif (
        last[VALIDATION_LOSS] > best[VALIDATION_LOSS] * (1 + RISE_AFTER_BEST)
        and last[LOSS] < best[LOSS]
    ):
        epoch = 1 + next(at for at, row in enumerate(history) if row is best)
        yield Sign(
            "overfitting",
            "info",
            f"From epoch {epoch} on it learned the training images by heart: the validation loss "
            f"rose from {best[VALIDATION_LOSS]:.4g} to {last[VALIDATION_LOSS]:.4g} while the "
            f"training loss fell. The weights of epoch {epoch} are kept.",
            cure,
        )


def _better_on_validation(history: Sequence[Row], counts: Counts) -> Iterator[Sign]:
    best = _best(history)
    gap = _gap(best, counts)
    if gap is None or counts.changed_images:
        return
    if -gap > max(FAR_BETTER, CERTAIN * _error(best[counts.share], counts.num_validation)):
        yield Sign(
            "validation better than training",
            "warning",
            f"Validation images are told better than training images: "
            f"{best[f'val_{counts.share}']:.1%} of {counts.num_validation:,} against "
            f"{best[counts.share]:.1%}.",
            "Look whether the validation split is easier or holds copies of training images; "
            "label check's page names copies and near-duplicates across splits.",
        )


def _underfitting(history: Sequence[Row], counts: Counts) -> Iterator[Sign]:
    best = _best(history)
    gap = _gap(best, counts)
    if gap is None or counts.chance is None or counts.ended_at_last:
        return
    # Half of what chance leaves wrong is wrong still, on the very images that it learned from.
    if best[counts.share] < (1 + counts.chance) / 2 and abs(gap) <= GAP:
        yield Sign(
            "underfitting",
            "warning",
            f"It tells only {best[counts.share]:.1%} of the images right that it learned from, and "
            f"validation images hardly worse ({best[f'val_{counts.share}']:.1%}): the model is too "
            "small for them.",
            "Set train.hidden_units, lower train.dropout and train.weight_decay, or take a recipe "
            "that trains more: fine_tune, with weights.",
        )


def _going_well(history: Sequence[Row]) -> Iterator[Sign]:
    losses = [row[LOSS] for row in history]
    early = losses[min(len(losses), FIRST_EPOCHS) - 1]
    if len(losses) >= FEWEST_EPOCHS and losses[0] > 0 and VALIDATION_LOSS in history[0]:
        yield Sign(
            "no bad sign",
            "good",
            f"The curves show no bad sign: the training loss fell by {1 - early / losses[0]:.0%} "
            f"within {FIRST_EPOCHS} epochs, and validation follows it.",
        )


def _best(history: Sequence[Row]) -> Row:
    """Return the epoch whose weights are kept: the lowest validation loss, or the last."""
    if VALIDATION_LOSS not in history[0]:
        return history[-1]
    return min(history, key=lambda row: row[VALIDATION_LOSS])


def _gap(row: Row, counts: Counts) -> float | None:
    """Return by how much training images are told better than validation images."""
    name = f"val_{counts.share}"
    if not counts.share or name not in row or not counts.num_validation:
        return None
    return row[counts.share] - row[name]


def _error(share: float, num: int) -> float:
    """Return the standard error of a share of so many; Agresti and Coull keep 0 and 1 from none."""
    smoothed = (share * num + 2) / (num + 4)
    return math.sqrt(smoothed * (1 - smoothed) / (num + 4))
