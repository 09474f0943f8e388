"""The third rung of the ladder: dense layers, made trainable."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """Two hidden layers on pixels (`hidden_units` or 64, and a quarter), with dropout."""

    sentence = "two dense layers with batch normalisation and dropout"
    needs = frozenset({"images"})
    augments = True
    phases: ClassVar = {"dense": "Training the dense network"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        from components.train.dense_networks import dense

        return steps.train_network(dense, "dense"), "dense"
