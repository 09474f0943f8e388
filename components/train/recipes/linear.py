"""The first rung of the ladder: what pixels tell without any layer between."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """Answers are weighted sums of pixels: what anything better is measured by."""

    sentence = "a linear model on pixels"
    needs = frozenset({"images"})
    augments = True
    phases: ClassVar = {"linear": "Training the linear model"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        from components.train.dense_networks import linear

        return steps.train_network(linear, "linear"), "linear"
