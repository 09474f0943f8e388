"""Recipes are files that settings, plan and page find by their names."""

import subprocess
import sys
from pathlib import Path

import pytest

from components.train.planning.recipe import recipe_names, recipe_of
from sightline.ground.errors import SettingsError


def test_every_recipe_says_what_it_needs_and_does() -> None:
    for name in recipe_names():
        recipe = recipe_of(name)

        assert recipe.sentence
        assert recipe.needs <= {"weights", "features", "images", "champion"}
        assert recipe.phases
        # A backbone without pretrained weights would be random.
        assert "features" not in recipe.needs or "weights" in recipe.needs


def test_an_unknown_recipe_names_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"expected auto, .*frozen.*; received 'deep'"):
        recipe_of("deep")


def test_what_recipes_say_is_known_without_tensorflow() -> None:
    asking = (
        "import sys; from components.train.planning.recipe import recipe_names, recipe_of;"
        "[recipe_of(name) for name in recipe_names()]; sys.exit('tensorflow' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", asking], check=True, cwd=Path(__file__).parents[4])
