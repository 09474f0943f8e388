"""Which recipes there are: files in `recipes`, and those that packages add."""

import importlib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from sightline.ground.errors import SettingsError
from sightline.ground.plugins.entry_points import plugin_of, with_plugins
from sightline.ground.plugins.recipe import Recipe

FOLDER = Path(__file__).parents[1] / "recipes"
AUTO = "auto"
"""The value of `train.recipe` that leaves the choice to the data."""


def recipe_names() -> tuple[str, ...]:
    """Name every recipe, in alphabetical order."""
    return with_plugins("recipes", _ours())


def recipe_of(name: str) -> Recipe:
    """Return the recipe of this name.

    Raises:
        SettingsError: there is none, or several, or a package's cannot be imported.
    """
    if name not in recipe_names():
        raise SettingsError(
            f"train.recipe: expected {_choices()}; received {name!r}. Choose one of these."
        )
    if plugin := plugin_of("recipes", name, _ours()):
        return plugin.build(Recipe)  # type: ignore[type-abstract]  # its own is not
    return _own(name)


def not_changed(name: str, *, asked_for: str, mixup: float, views: int) -> str:
    """Say what a recipe cannot do to images that is asked for; nothing where it can.

    Args:
        name: of the recipe.
        asked_for: settings that change images, of which a frozen backbone sees views.
        mixup: the setting.
        views: the setting augmented_views.
    """
    recipe = recipe_of(name)
    # Those of packages are left out: what is wrong with one shows where it is asked for.
    others = ", ".join(one for one in _ours() if _own(one).augments)
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


def _ours() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def _own(name: str) -> Recipe:
    # The house has two names (decision 0017), so its own is not written here.
    house = __package__.rpartition(".")[0]
    recipe: Recipe = importlib.import_module(f"{house}.recipes.{name}").Recipe()
    return recipe


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
