"""What a search came to, and what train takes of it."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.train.race.choose import Finish
from components.tune.judgement import Comparison
from components.tune.space import Axis, Value
from sightline.stage.formats.schema import write_document

if TYPE_CHECKING:
    from components.tune.search import Done

SCHEMA, VERSION = "sightline.tuning", 1
FILE = "tuning.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to."""

    axes: tuple[Axis, ...]
    trials: "tuple[Done, ...]"
    best: "Done"
    comparison: Comparison | None
    """None where train's own settings are the best."""
    race: Finish | None = None
    """How backbones raced, of which all trials have the winner."""

    @property
    def own(self) -> "Done":
        """The trial of train's own settings."""
        return self.trials[0]

    @property
    def gained(self) -> dict[str, Value]:
        """The settings of the best trial; none where its gain may be luck."""
        return self.best.settings if self.comparison and self.comparison.holds else {}

    @property
    def passed_on(self) -> dict[str, Value]:
        """The settings that train takes in place of its own.

        With the backbone that won: another race in train could end otherwise, and what was found
        holds for these features.
        """
        raced: dict[str, Value] = {"backbone": self.race.winner} if self.race else {}
        return raced | self.gained


def write_best(folder: Path, found: Found) -> None:
    """Write `tuning.json`."""
    content = {
        "settings": found.passed_on,
        "best": asdict(found.best),
        "own": asdict(found.own),
        "gain": found.comparison.gain if found.comparison else 0.0,
        "noise": found.comparison.noise if found.comparison else None,
        "space": {axis.setting: axis.written() for axis in found.axes},
        "trials": [_written(one) for one in found.trials],
        "race": found.race.rows if found.race else (),
    }
    write_document(folder / FILE, SCHEMA, VERSION, content)


def _written(done: "Done") -> dict[str, Any]:
    # JSON has no infinity: a trial that came to no number has no loss.
    return {**asdict(done), "loss": done.loss if math.isfinite(done.loss) else None}


def figures_of(found: Found) -> dict[str, float]:
    """Return the figures that pipeline UIs compare runs by."""
    return {
        "trials": len(found.trials),
        "trials_ended_early": sum(not one.complete for one in found.trials),
        "best_validation_loss": found.best.loss,
        "own_validation_loss": found.own.loss,
    }


def facts_of(found: Found) -> dict[str, Any]:
    """Return what metadata says of the settings that are passed on."""
    return {
        "num_trials": len(found.trials),
        "passed_on": bool(found.passed_on),
        **{name: value for name, value in found.passed_on.items()},
    }
