"""The second rung of the ladder: one dense layer on pixels."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """One hidden layer on pixels, of `hidden_units` or 128 units."""

    sentence = "one hidden layer on pixels"
    needs = frozenset({"images"})
    augments = True
    phases: ClassVar = {"one_hidden": "Training one hidden layer"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        from components.train.dense_networks import one_hidden

        return steps.train_network(one_hidden, "one_hidden"), "one_hidden"
