"""What a recipe says of itself, and which recipes there are."""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from sightline.ground.errors import SettingsError

FOLDER = Path(__file__).parents[1] / "recipes"
AUTO = "auto"
"""The value of `train.recipe` that leaves the choice to the data."""

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
    """A way from records to a model: a file in `recipes`, whose class is named `Recipe`.

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


def recipe_names() -> tuple[str, ...]:
    """Name every recipe, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("[!_]*.py")))


def recipe_of(name: str) -> Recipe:
    """Return the recipe of this name.

    Raises:
        SettingsError: there is none.
    """
    if name not in recipe_names():
        raise SettingsError(
            f"train.recipe: expected {_choices()}; received {name!r}. Choose one of these."
        )
    # The house has two names (decision 0017), so its own is not written here.
    house = __package__.rpartition(".")[0]
    recipe: Recipe = importlib.import_module(f"{house}.recipes.{name}").Recipe()
    return recipe


def not_changed(name: str, *, asked_for: str, mixup: float, views: int) -> str:
    """Say what a recipe cannot do to images that is asked for; nothing where it can.

    Args:
        name: of the recipe.
        asked_for: settings that change images, of which a frozen backbone sees views.
        mixup: the setting.
        views: the setting augmented_views.
    """
    recipe = recipe_of(name)
    others = ", ".join(one for one in recipe_names() if recipe_of(one).augments)
    instead = f"Set recipe to one that changes images ({others}), or remove"
    if asked_for and not recipe.augments and "features" not in recipe.needs:
        return (
            f"{asked_for}: expected augment none or auto with recipe {name}, as it learns from "
            f"images as they are. {instead} the setting"
        )
    if mixup and not recipe.augments:
        return (
            f"mixup {mixup:g}: expected 0 with recipe {name}, as it learns from no image that "
            f"another could be blended with. {instead} mixup"
        )
    if views and "features" not in recipe.needs:
        return (
            f"augmented_views {views}: expected 0 with recipe {name}, which has no frozen backbone "
            "to see them. Set recipe to frozen or fine_tune, or remove augmented_views"
        )
    return ""


def _choices() -> str:
    return f"{', '.join((AUTO, *recipe_names()[:-1]))} or {recipe_names()[-1]}"


def _known(name: str) -> str:
    if name != AUTO and name not in recipe_names():
        raise PydanticCustomError("literal_error", "Input should be one of the recipes")
    return name


RecipeName = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": [AUTO, *recipe_names()]}),
]
"""The type of the setting that chooses a recipe."""
