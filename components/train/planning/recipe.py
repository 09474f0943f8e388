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

Need = Literal["weights", "features", "images", "champion"]
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

    def train_champion(self, phase: str) -> Model:
        """Begin as the champion, and train what its recipe trained, for the classes of today."""
        ...


class Recipe(ABC):
    """A way from records to a model: a file in `recipes`, whose class is named `Recipe`.

    It imports TensorFlow inside functions only.
    """

    sentence: ClassVar[str]
    """What is trained, as it stands below the title of the page."""
    needs: ClassVar[frozenset[Need]]
    """Pretrained weights, features of the backbone, images while it learns, a model to begin as."""
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


def not_augmented(name: str) -> str:
    """Say what is wrong where a recipe that augments nothing is asked to."""
    why = "it learns from images as they are"
    if "images" not in recipe_of(name).needs:
        why = "the features of a frozen backbone are computed once"
    others = [one for one in recipe_names() if recipe_of(one).augments]
    return (
        f"expected none or auto with recipe {name}, as {why}. Set recipe to one that changes "
        f"images ({', '.join(others)}), or remove augment"
    )


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
