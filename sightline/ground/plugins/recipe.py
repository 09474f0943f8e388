"""What a recipe of training says of itself and does."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Protocol

Need = Literal["weights", "features", "images"]
Model = Any
"""A keras.Model: settings ask recipes, too, and know no TensorFlow."""


class Steps(Protocol):
    """What a recipe is made of: a training that has its records, settings and checkpoints."""

    def train_network(self, build: Callable[..., Model], phase: str) -> Model:
        """Build a network without a backbone, and train all of it on images."""
        ...

    def train_head(self, phase: str) -> Model:
        """Train a head on features that are computed once; return it on its backbone."""
        ...

    @property
    def fine_tune_stages(self) -> list[int]:
        """How many of the backbone's last layers learn, stage by stage."""
        ...

    def fine_tune(self, model: Model, phase: str, *, layers: int, than: str) -> bool:
        """Train the backbone's last layers too; tell whether that beat an earlier phase."""
        ...


class Recipe(ABC):
    """A way from records to a model: a file of `components/train/recipes`, or a package's.

    It imports TensorFlow inside functions only.
    """

    sentence: ClassVar[str]
    """What is trained, as it stands below the title of the page."""
    needs: ClassVar[frozenset[Need]]
    """Pretrained weights, features of the backbone, images while it learns."""
    augments: ClassVar[bool]
    """Whether images are changed at random while it learns."""
    phases: ClassVar[Mapping[str, str]]
    """Its phases in order, and what the page calls them; `NAME_2` is the second stage of NAME."""

    @abstractmethod
    def follow(self, steps: Steps) -> tuple[Model, str]:
        """Train; return the model, and the phase that its weights are from."""

    def is_first(self, phase: str) -> bool:
        """Tell whether a phase is the one that all others build on."""
        return phase == next(iter(self.phases))

    def title(self, phase: str) -> str:
        """Say what a phase is, such as `Fine-tuning, stage 2`."""
        if phase in self.phases:
            return self.phases[phase]
        name, _, number = phase.rpartition("_")
        return f"{self.phases[name]}, stage {number}"
