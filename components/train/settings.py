from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from sightline.ground.geometry import GeometrySettings
from sightline.ground.settings import LocationText, filled_with, location, shown_first

from .augmentation.settings import AugmentationSettings
from .learning_settings import CostSettings, FineTuneSettings, LearningSettings
from .network_settings import NetworkSettings
from .planning.recipe import AUTO, not_changed, recipe_of


class TrainSettings(
    CostSettings, AugmentationSettings, FineTuneSettings, LearningSettings, NetworkSettings
):
    """How the model is built and trained."""

    uses_gpu: ClassVar[bool] = True
    uses_shared_memory: ClassVar[bool] = True

    champion: LocationText = Field(
        default="",
        json_schema_extra=location("read", folder=True)
        | filled_with("starting model", recipe="warm_start"),
    )
    """Model folder whose live version recipe warm_start begins as."""
    warm_start_epochs: int = Field(default=10, ge=1)
    """Most epochs to train the live model on."""
    warm_start_rate: float = Field(default=0.1, gt=0, le=1)
    """Share of learning_rate at which a live model without a backbone is trained on, so that it forgets little."""
    race_minutes: float = Field(default=10.0, gt=0)
    """Minutes after which a race of backbones looks at no more images; one that is decided ends earlier."""
    epochs: int = Field(default=40, ge=1, json_schema_extra=shown_first())
    """Most epochs to train the head or the small CNN; early stopping may end sooner."""
    batch_size: int = Field(default=32, ge=0)
    """Images per step; 0 takes what half of the free memory holds: up to 32, on a GPU up to a fiftieth of the training images."""
    patience: int = Field(default=6, ge=1)
    """Epochs without a better validation loss before training stops."""
    head: Literal["auto", "linear", "dense"] = Field(
        default="auto", json_schema_extra=shown_first()
    )
    """What stands on a backbone's features: a linear model such as logistic regression, or a dense layer that is trained by epochs; auto takes what is better on validation images."""
    hidden_units: int = Field(default=0, ge=0)
    """Units of a layer between features and answers, which only a dense head has; 0 means none."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of features dropped before the last layer while training."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of each label's probability spread over all classes; it makes probabilities too low."""
    class_weights: Literal["auto", "balanced", "none"] = "auto"
    """Weigh rare classes up; auto does so when the most common class has over 1.5 times the rarest."""
    seed: int = Field(default=7, ge=0)
    """Seed of every random choice in training."""
    folds: int = Field(default=0, ge=0, le=20, json_schema_extra=shown_first())
    """In how many folds training and validation images are judged, each by a model that did not learn from it; the model that counts then learns from all of them. 0 judges on the validation split alone. For small sets: 5 or 10; each fold is a training."""
    repeats: int = Field(default=1, ge=1, le=20)
    """How many seeds a training is repeated with, or its folds are dealt with, to tell how much of its figures is luck. The model of `seed` is exported, whichever is best."""

    def with_changed(self, changed: Mapping[str, Any]) -> Self:
        """Return the settings with some in place of these, checked as all are."""
        return type(self).model_validate({**dict(self), **changed})

    @property
    def has_rounds(self) -> bool:
        """Whether there are trainings beside the one that counts, over folds or seeds."""
        return bool(self.folds) or self.repeats > 1

    @property
    def only_linear(self) -> bool:
        """Whether nothing is chosen on validation images: a linear head on frozen features alone."""
        return (
            self.head == "linear"
            and self.recipe != AUTO
            and "images" not in recipe_of(self.recipe).needs
        )

    @model_validator(mode="after")
    def _do_not_contradict(self) -> Self:
        if self.folds == 1:
            raise ValueError(
                "folds 1: expected 0, which judges by the validation split alone, or 2 and more: "
                "with one fold there would be nothing to learn from. Set folds to 0 or 5"
            )
        if self.recipe == AUTO:
            return self
        recipe = recipe_of(self.recipe)
        if "champion" in recipe.needs and not self.champion:
            raise ValueError(
                f"recipe {self.recipe}: expected a live model to start from, received none. Set "
                "recipe to auto and let a model go live first, or champion to a model folder"
            )
        if "champion" in recipe.needs and self.folds:
            raise ValueError(
                f"folds {self.folds}: expected 0 with recipe {self.recipe}, as the live model that "
                "it starts from has learned from images of every fold. Set folds to 0, or recipe "
                "to auto"
            )
        if "weights" in recipe.needs and self.weights == "none":
            raise ValueError(
                f"recipe {self.recipe}: expected pretrained weights, received weights none. Set "
                "weights to imagenet, a path or a URI, or recipe to scratch"
            )
        if reason := not_changed(
            self.recipe,
            asked_for=self.asked_for,
            mixup=self.mixup,
            views=self.augmented_views,
        ):
            raise ValueError(reason)
        if self.head == "linear" and self.hidden_units:
            raise ValueError(
                f"head linear: expected hidden_units 0, received {self.hidden_units}, since a "
                "linear head has no hidden layer. Remove hidden_units, or set head to dense"
            )
        return self


class BackboneSettings(NetworkSettings, GeometrySettings):
    """Which backbone, and which pixels it takes."""

    borrowed: ClassVar = {"preprocess": GeometrySettings}
