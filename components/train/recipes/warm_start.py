"""For new images beside many old ones: what the live model knows, and some more steps."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """The live model, trained on as it was trained: its head, its last layers, or all of it."""

    sentence = "the live model, trained on with new images"
    needs = frozenset({"champion", "images"})
    augments = True
    phases: ClassVar = {"warm_start": "Training on from the live model"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        return steps.train_champion("warm_start"), "warm_start"
