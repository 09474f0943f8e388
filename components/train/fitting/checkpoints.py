"""Checkpoints: everything a killed training needs to end as it would have."""

import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sightline.ground.storage.files import whole, write_whole
from sightline.stage.timing import writing

Weights = list[np.ndarray[Any, Any]]
Row = dict[str, float]
"""The figures of an epoch, by the names that Keras logs."""
LOSS, VALIDATION_LOSS = "loss", "val_loss"
ArraysByName = dict[str, np.ndarray[Any, Any]]


@dataclass(slots=True)
class Progress:
    """How far a phase of training has come."""

    history: list[Row] = field(default_factory=list)
    """One row per finished epoch."""
    best_epoch: int = 0
    """Counted from 1; 0 before the first epoch."""
    finished: bool = False
    ended_by: str = ""
    """What ended it: `epochs`, `patience` or `negative transfer`; empty while it goes on."""
    weights: Weights = field(default_factory=list)
    optimizer: Weights = field(default_factory=list)
    best: Weights = field(default_factory=list)

    @property
    def best_row(self) -> Row:
        """The figures of the best epoch."""
        return self.history[self.best_epoch - 1]


class Checkpoints:
    """The folder of checkpoints of one training; another training's are thrown away."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self._key = folder, key
        stamp = folder / "key.txt"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != key:
            self.remove()
            folder.mkdir(parents=True)
            stamp.write_text(key, encoding="utf-8")

    def save(self, phase: str, progress: Progress, model: Any = None) -> None:
        """Replace the checkpoint of a phase; a kill leaves the old one or the new one.

        `model`: whose weights and optimiser a killed phase goes on with; a finished one needs none.
        """
        if model is not None:
            progress.weights = values_of(model.weights)
            progress.optimizer = values_of(model.optimizer.variables)
        arrays: ArraysByName = {
            f"{name}_{index:05d}": array
            for name in ("weights", "optimizer", "best")
            for index, array in enumerate(getattr(progress, name))
        }
        state = {
            "history": progress.history,
            "best_epoch": progress.best_epoch,
            "finished": progress.finished,
            "ended_by": progress.ended_by,
        }
        arrays["state"] = np.array(json.dumps(state))
        save_arrays(self.folder / f"{phase}.npz", arrays)

    def load(self, phase: str) -> Progress:
        """Return where a phase stopped; a fresh start where it never began."""
        arrays = load_arrays(self.folder / f"{phase}.npz")
        if arrays is None:
            return Progress()
        state = json.loads(str(arrays["state"]))
        return Progress(
            history=state["history"],
            best_epoch=state["best_epoch"],
            finished=state["finished"],
            ended_by=state["ended_by"],
            weights=_part(arrays, "weights"),
            optimizer=_part(arrays, "optimizer"),
            best=_part(arrays, "best"),
        )

    def inner(self, name: str) -> "Checkpoints":
        """Return a folder in this one for a training that is a part of this one."""
        return type(self)(self.folder / name, self._key)

    def decided(self, name: str, decide: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        """Return a number and its reason: those of an earlier attempt, else what is decided now."""
        path = self.folder / f"{name}.json"
        if path.exists():
            size, reason = json.loads(path.read_text(encoding="utf-8"))
            return int(size), str(reason)
        found = decide()
        write_whole(path, json.dumps(found))
        return found

    def save_rates(self, tried: ArraysByName) -> None:
        """Keep what a search for a learning rate tried."""
        save_arrays(self._rates, tried)

    def load_rates(self) -> ArraysByName | None:
        """Return what a search for a learning rate tried; None where there was none."""
        return load_arrays(self._rates)

    @property
    def _rates(self) -> Path:
        return self.folder / "rates.npz"

    def remove(self) -> None:
        """Remove all checkpoints."""
        shutil.rmtree(self.folder, ignore_errors=True)


class NoCheckpoints(Checkpoints):
    """Keeps nothing, for trainings that are sooner done again than read, and shows each epoch."""

    def __init__(self, folder: Path, show: Callable[[Progress], None]) -> None:
        self.folder, self._show = folder, show

    def save(self, phase: str, progress: Progress, model: Any = None) -> None:
        if not progress.finished:
            self._show(progress)

    def load(self, phase: str) -> Progress:
        return Progress()

    def decided(self, name: str, decide: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        return decide()

    def save_rates(self, tried: ArraysByName) -> None:
        pass

    def load_rates(self) -> None:
        return None

    def remove(self) -> None:
        pass


def _part(arrays: ArraysByName, part: str) -> Weights:
    return [arrays[name] for name in sorted(arrays) if name.startswith(f"{part}_")]


def save_arrays(path: Path, arrays: ArraysByName) -> None:
    """Write arrays to a file that is whole or not there."""
    with (
        writing(),
        whole(path, one_writer=True) as partial,
        partial.open("wb") as file,
    ):
        np.savez(file, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> ArraysByName | None:
    """Read arrays; None where the file is missing or damaged."""
    try:
        # Opened here: NumPy does not close a file that is no archive.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(file)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile):
        return None


def values_of(variables: Sequence[Any]) -> Weights:
    """Copy the values of Keras variables."""
    # Through the TensorFlow variable: NumPy 2.4 warns about how Keras hands out its own.
    return [np.array(variable.value.numpy()) for variable in variables]


def assign(variables: Sequence[Any], values: Weights) -> None:
    """Put values back into Keras variables."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
