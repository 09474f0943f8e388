"""What trainings over folds tell the one that counts, and what each of several is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.train.heads.page import is_linear

if TYPE_CHECKING:
    from components.train.fitting.checkpoints import Progress
    from components.train.fitting.material import Material
    from components.train.heads.best import HeadName
    from components.train.heads.calibrate import Ask
    from sightline.stage.formats.model import HeadInfo


@dataclass(frozen=True, slots=True)
class Chosen:
    """How to train where nothing is held out any more."""

    epochs: Mapping[str, int]
    """How many of each phase that is to be trained; 0 where the head is linear and has none."""
    head: "HeadName"
    reason: str
    """Why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a round's training went, as far as the one that counts wants to know."""

    kept: str
    """The phase that its weights are from."""
    epochs: Mapping[str, int]
    """The best epoch of each phase, in their order; 0 of a linear head, which has none."""
    head: str
    """`linear` or `dense`; empty where no head was trained on features."""
    strength: float | None
    """Of a linear head."""
    num_learned: int
    """Images that it learned from."""


def told_of(
    kept: str, phases: "Mapping[str, Progress]", head: "HeadInfo | None", num_learned: int
) -> Told:
    """Return how a training went."""
    epochs = {name: 0 if is_linear(one.history) else one.best_epoch for name, one in phases.items()}
    strength = head.strength if head else None
    return Told(kept, epochs, head.name if head else "", strength, num_learned)


@dataclass(frozen=True, slots=True)
class Among:
    """What a training is told as one of several."""

    material: "Material"
    features_folder: Path
    """Where features that TensorFlow computes are kept for all of them."""
    chosen: Chosen | None = None
    ask: "Ask | None" = None
    """Gives what others answered to images that they did not learn from: it tells temperature and
    thresholds where this one learns from all."""
    heads_do: bool = False
    """Whether a head without its backbone will do, since the model is only asked once."""
