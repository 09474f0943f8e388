"""For few images: what a backbone learned elsewhere, and a head of one's own."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """A head on the features of a frozen backbone, which are computed once."""

    sentence = "a new head on a frozen backbone"
    needs = frozenset({"weights", "features"})
    augments = False
    phases: ClassVar = {"head": "Training the head"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        return steps.train_head("head"), "head"
