"""The rounds: which images each learns from, what it is told by, and which it is judged on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from components.train.settings import TrainSettings
from sightline.ground.errors import DataError, SettingsError
from sightline.ground.wording import counted
from sightline.problems import problem_of
from sightline.stage.folds import Whole, apart, folds_of

if TYPE_CHECKING:
    from components.train.fitting.material import Part, Pool

FEWEST_PARTS, MOST_PARTS = 3, 20
"""Of what a round may learn from; one part tells it when to stop."""


@dataclass(frozen=True)
class Round:
    """One training that is judged and thrown away."""

    repeat: int
    """Counted from 1, like the fold."""
    fold: int
    """0 where the validation split judges."""
    seed: int
    rows: "Mapping[Part, Whole]"
    """Of the pool, in their order."""

    @property
    def name(self) -> str:
        return f"round-{self.repeat}-{self.fold}"


def rounds_of(pool: "Pool", settings: TrainSettings) -> list[Round]:
    """Return the rounds that the settings ask for, beside the training that counts.

    Raises:
        DataError: there are too few images to judge by.
        SettingsError: the kind of problem cannot be judged so.
    """
    _refuse(pool, settings)
    repeats = range(1, settings.repeats + 1)
    if settings.folds:
        return [one for repeat in repeats for one in _folds(pool, settings, repeat)]
    first, last = pool.info.num_images("train"), len(pool.ids)
    held_out = np.arange(first, last)
    rows: dict[Part, Whole] = {
        "train": np.arange(first),
        "validation": held_out,
        "judged": held_out,
    }
    # The first is the training that counts.
    return [Round(repeat, 0, settings.seed + repeat - 1, rows) for repeat in repeats[1:]]


def _folds(pool: "Pool", settings: TrainSettings, repeat: int) -> Iterator[Round]:
    seed = settings.seed + repeat - 1
    groups = np.array(pool.groups)
    folds = folds_of(pool.kinds, groups, settings.folds, seed)
    parts = _num_parts(pool, settings)
    for fold in range(settings.folds):
        others = np.flatnonzero(folds != fold)
        told = np.zeros(len(others), bool)
        if parts:
            of_others = apart(groups[others])
            told = folds_of(pool.kinds[others], of_others, parts, seed) == 0
        rows: dict[Part, Whole] = {
            "train": others[~told],
            "validation": others[told],
            "judged": np.flatnonzero(folds == fold),
        }
        yield Round(repeat, fold + 1, seed, rows)


def _num_parts(pool: "Pool", settings: TrainSettings) -> int:
    """Return in how many parts a round's images are dealt, of which one is held back to choose by.

    As large a share as the validation split has; none where nothing is to be chosen by it.
    """
    num_validation = pool.info.num_images("validation")
    if not num_validation or settings.only_linear:
        return 0
    return int(np.clip(round(len(pool.ids) / num_validation), FEWEST_PARTS, MOST_PARTS))


def _refuse(pool: "Pool", settings: TrainSettings) -> None:
    problem = problem_of(pool.info.problem, pool.info.about)
    if len(problem.serving.outputs) > 1:
        raise SettingsError(
            f"train.folds and train.repeats: expected a kind of problem with one output; "
            f"{problem.name} has {len(problem.serving.outputs)}. Set folds to 0 and repeats to 1."
        )
    if not settings.folds:
        if not pool.info.num_images("validation"):
            raise DataError(
                f"train.repeats {settings.repeats}: expected images to judge by; there is no "
                "validation split. Set train.folds, or raise preprocess.validation_share."
            )
        return
    if not pool.has_groups:
        raise DataError(
            f"{pool.records}: expected records that say which images belong together, for "
            "train.folds; these are older. Run preprocess again: sightline run --from preprocess."
        )
    num_groups = len(set(pool.groups))
    if num_groups < max(settings.folds, FEWEST_PARTS):
        raise DataError(
            f"train.folds {settings.folds}: expected as many images without near-duplicates among "
            f"each other, {FEWEST_PARTS} at least, in training and validation; received "
            f"{counted(len(pool.ids), 'image')} in {counted(num_groups, 'group')}. Add images, or "
            "lower train.folds."
        )
