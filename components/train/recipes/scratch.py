"""For small images, and where no pretrained weights can be had."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """A small CNN that learns from the images alone."""

    sentence = "a small CNN, trained from scratch"
    needs = frozenset({"images"})
    augments = True
    phases: ClassVar = {"scratch": "Training from scratch"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        from components.train.networks import small_cnn

        return steps.train_network(small_cnn, "scratch"), "scratch"
