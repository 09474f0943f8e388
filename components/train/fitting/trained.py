"""What a training leaves behind."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import keras

from components.train.fitting.checkpoints import Progress
from components.train.fitting.fit import Phase
from components.train.fitting.rate_finder import RateSearch
from components.train.heads.page import is_linear
from components.train.timing.spent import Spent
from sightline.problems.training import Decided
from sightline.stage.formats.model import Calibration, HeadInfo


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with its best weights, and how it came about."""

    model: keras.Model
    phases: dict[str, Progress]
    told: dict[str, Phase]
    """What each phase was told: how fast and how long."""
    kept_phase: str
    """The phase that the weights are from."""
    kept_on_features: bool
    """Whether that phase learned from features, so that the backbone is what it was."""
    spent: tuple[Spent, ...] = ()
    """What each phase of this attempt took."""
    batch_reasons: Mapping[str, str] = field(default_factory=dict)
    """Of phases whose batch size was left to memory: which one it is, and why."""
    search: RateSearch | None = None
    """The search for a learning rate, where there was one."""
    head: HeadInfo | None = None
    """The head that was chosen on features; None where there was none."""
    calibration: Calibration | None = None
    decided: Decided = field(default_factory=Decided)
    """Thresholds by what mistakes cost."""

    @property
    def images_per_second(self) -> float:
        """How many images a second phases looked at, of those that look at images."""
        looked = [one for one in self.spent if one.num_images]
        seconds = sum(one.seconds for one in looked)
        return sum(one.num_images for one in looked) / seconds if seconds else 0.0

    @property
    def kept(self) -> Progress:
        """How the phase went that the weights are from."""
        return self.phases[self.kept_phase]

    @property
    def best_epoch(self) -> int:
        """Epoch of the weights, counted from 1 over all phases; 0 where these have none."""
        names = list(self.phases)
        earlier = names[: names.index(self.kept_phase)]
        own = self.kept.best_epoch if _num_epochs(self.kept) else 0
        return sum(_num_epochs(self.phases[name]) for name in earlier) + own

    @property
    def num_epochs(self) -> int:
        """Epochs of all phases."""
        return sum(_num_epochs(progress) for progress in self.phases.values())


def _num_epochs(phase: Progress) -> int:
    """Count the epochs; a linear head has strengths instead."""
    return 0 if is_linear(phase.history) else len(phase.history)
