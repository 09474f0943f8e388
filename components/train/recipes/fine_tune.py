"""For many images: first the head, then the backbone's last layers with it."""

from typing import ClassVar

from ..planning.recipe import Model, Steps
from ..planning.recipe import Recipe as Questions


class Recipe(Questions):
    """A head on frozen features, then the last layers too, kept where that was better."""

    sentence = "a new head, then the backbone's last layers"
    needs = frozenset({"weights", "features", "images"})
    augments = True
    phases: ClassVar = {"head": "Training the head", "fine_tune": "Fine-tuning"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        model = steps.train_head("head")
        better = steps.fine_tune(model, "fine_tune", than="head")
        return model, "fine_tune" if better else "head"
