"""Ask for settings and tell what they came to, in a journal that outlives a kill."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from components.tune.space import Axis, Value, settings_of_trial

JOURNAL = "journal.log"
STUDY = "tune"
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
TRIALS_BEFORE_PRUNING, EPOCHS_BEFORE_PRUNING = 5, 4
SETTINGS, EPOCHS, BEST_EPOCH, SECONDS = "settings", "epochs", "best_epoch", "seconds"

Settings = dict[str, Value]


class Hopeless(Exception):
    """A trial that is worse than half of those before it at the same epoch."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Settings to try, and whom to tell."""

    settings: Settings
    trial: optuna.Trial

    def report(self, epoch: int, loss: float) -> None:
        """Note the loss after an epoch.

        Raises:
            Hopeless: it is not worth going on.
        """
        self.trial.report(loss, epoch)
        if self.trial.number and self.trial.should_prune():
            raise Hopeless


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A finished trial."""

    number: int
    settings: Settings
    loss: float
    """Mean validation loss of the kept epoch; of the last one where it was ended early."""
    epochs: int
    best_epoch: int
    seconds: float
    complete: bool
    """Whether it was trained to its end."""


class Search:
    """The trials of one study, kept in the journal of a folder."""

    def __init__(self, folder: Path, axes: Sequence[Axis], base: Settings, seed: int) -> None:
        """Open or begin a study.

        Args:
            folder: holds the journal, where an attempt before this one may have left one.
            axes: what is searched.
            base: the values of train's own settings on these axes: the first trial.
            seed: of the sampler.
        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / JOURNAL
        without_torn_line(path)
        self._axes, self._base, self._seed = axes, base, seed
        self._study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path), lock_obj=OneWriter(str(path)))),
            study_name=STUDY,
            direction="minimize",
            pruner=MedianPruner(TRIALS_BEFORE_PRUNING, EPOCHS_BEFORE_PRUNING),
            load_if_exists=True,
        )
        self.num_interrupted = 0
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            # Who ran it is gone. The same settings are asked for again, as they follow from the
            # seed and from what is finished.
            self._study.tell(trial.number, state=TrialState.FAIL)
            self.num_interrupted += 1

    @property
    def done(self) -> list[Done]:
        """The finished trials, in the order in which they ran."""
        return [_done(one) for one in self._study.get_trials(deepcopy=False, states=FINISHED)]

    def importances(self) -> dict[str, float]:
        """Return the share of each setting in what trials differ by, the largest first.

        Empty where they do not differ.
        """
        evaluator = FanovaImportanceEvaluator(seed=self._seed)
        try:
            return dict(get_param_importances(self._study, evaluator=evaluator))
        except (RuntimeError, ValueError):
            return {}

    def ask(self, *, dense: bool = False) -> Asked:
        """Return what to try next; first train's own settings, then dense heads where `dense`."""
        finished = self._study.get_trials(deepcopy=False, states=FINISHED)
        # A sampler of its own for each trial: after a kill the search goes on as it would have.
        self._study.sampler = TPESampler(seed=self._seed + 1000 * len(finished))
        inside = {axis.setting for axis in self._axes if axis.holds(self._base[axis.setting])}
        waiting = self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        if not finished and not waiting:
            self._study.enqueue_trial({name: self._base[name] for name in sorted(inside)})
        trial = self._study.ask()
        settings = {
            axis.setting: (
                _suggest(trial, axis)
                if finished or axis.setting in inside
                else self._base[axis.setting]
            )
            for axis in self._axes
        }
        if finished:
            settings = settings_of_trial(settings, dense=dense)
        trial.set_user_attr(SETTINGS, settings)
        return Asked(settings, trial)

    def tell(
        self, asked: Asked, *, loss: float, epochs: int, best_epoch: int, seconds: float
    ) -> None:
        """Note a trial that came to its end."""
        self._note(asked, epochs, best_epoch, seconds)
        self._study.tell(asked.trial, loss)

    def tell_hopeless(self, asked: Asked, *, epochs: int, seconds: float) -> None:
        """Note a trial that was ended early."""
        self._note(asked, epochs, 0, seconds)
        self._study.tell(asked.trial, state=TrialState.PRUNED)

    def _note(self, asked: Asked, epochs: int, best_epoch: int, seconds: float) -> None:
        asked.trial.set_user_attr(EPOCHS, epochs)
        asked.trial.set_user_attr(BEST_EPOCH, best_epoch)
        asked.trial.set_user_attr(SECONDS, seconds)


class OneWriter(JournalFileOpenLock):
    """No lock: one process writes, and one killed with a lock would keep the next waiting 30 s."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def without_torn_line(path: Path) -> None:
    """Cut off the end of a journal that a kill left half written: nobody could read on from it."""
    if not path.exists():
        return
    content = path.read_bytes()
    if content and not content.endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])


def _done(trial: FrozenTrial) -> Done:
    said = trial.user_attrs
    last = trial.intermediate_values.get(max(trial.intermediate_values, default=0), math.inf)
    return Done(
        number=trial.number,
        settings=said[SETTINGS],
        loss=last if trial.value is None else trial.value,
        epochs=said[EPOCHS],
        best_epoch=said[BEST_EPOCH],
        seconds=said[SECONDS],
        complete=trial.state == TrialState.COMPLETE,
    )


def _suggest(trial: optuna.Trial, axis: Axis) -> Value:
    if axis.choices:
        return cast("Value", trial.suggest_categorical(axis.setting, axis.choices))
    if axis.is_whole:
        return trial.suggest_int(axis.setting, int(axis.low), int(axis.high), log=axis.log)
    return trial.suggest_float(axis.setting, axis.low, axis.high, log=axis.log)
