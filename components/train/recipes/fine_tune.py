"""For many images: first the head, then the backbone with it, from the top down."""

from typing import ClassVar

from sightline.ground.plugins.recipe import Model, Steps
from sightline.ground.plugins.recipe import Recipe as Questions


class Recipe(Questions):
    """A head on frozen features, then more and more last layers, as long as that is better."""

    sentence = "a new head, then the backbone's last layers in stages"
    needs = frozenset({"weights", "features", "images"})
    augments = True
    phases: ClassVar = {"head": "Training the head", "fine_tune": "Fine-tuning"}

    def follow(self, steps: Steps) -> tuple[Model, str]:
        model, kept = steps.train_head("head"), "head"
        for number, layers in enumerate(steps.fine_tune_stages, start=1):
            stage = "fine_tune" if number == 1 else f"fine_tune_{number}"
            if not steps.fine_tune(model, stage, layers=layers, than=kept):
                break
            kept = stage
        return model, kept
