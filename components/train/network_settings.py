from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from sightline.ground.backbones import choice
from sightline.ground.backbones.table import DEFAULT, MODEL_FILE, is_model_file
from sightline.ground.settings import LocationText, StageSettings, location, shown_first

from .planning.recipe import AUTO, RecipeName, recipe_of

BackboneText = Annotated[
    LocationText,
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        mode="validation",
    ),
]
"""One backbone, or the canonical text of a list."""


class NetworkSettings(StageSettings):
    """Which network an image goes through: what the tasks of this stage share."""

    recipe: RecipeName = Field(default=AUTO, json_schema_extra=shown_first())
    """A small CNN from scratch, a head on a frozen backbone, or fine-tuning after the head; auto chooses and says why."""
    backbone: BackboneText = Field(
        default=DEFAULT,
        json_schema_extra=location("read", endings=(MODEL_FILE,), backbones=True),
    )
    """auto, which races all whose weights are on this machine, or a list to race, or one: the name of a keras.applications model or of EfficientNetLite0 to 2, or a path or URI of a .keras file: a whole Keras model without its top, with its own scaling of pixels 0 to 255 inside."""
    weights: LocationText = Field(
        default="auto",
        json_schema_extra=location("read", words=("auto", "imagenet", "none")) | shown_first(),
    )
    """imagenet, none, or a path or URI of a weights file for the backbone without its top; auto is what this machine keeps, else imagenet, which recipe auto does without where it cannot be fetched."""

    @property
    def backbone_is_chosen(self) -> bool:
        """Whether someone wants this backbone, or these weights, and no other network."""
        return self.backbone not in (DEFAULT, choice.AUTO) or self.weights not in ("auto", "none")

    @property
    def insists_on_backbone(self) -> bool:
        """Whether missing weights are an error: only recipes that leave it open do without the default ones."""
        return self.backbone_is_chosen or not self.backbone_is_open

    @property
    def begins_as_champion(self) -> bool:
        """Whether training goes on from a live model, whose layers it has."""
        return self.recipe != AUTO and "champion" in recipe_of(self.recipe).needs

    @property
    def backbone_is_open(self) -> bool:
        """Whether there may be a backbone or none: the data decide, or the model to begin as."""
        return self.recipe == AUTO or self.begins_as_champion

    @field_validator("backbone", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return choice.canonical(value)

    @field_validator("backbone")
    @classmethod
    def _is_known(cls, backbone: str) -> str:
        choice.check(backbone)
        return backbone

    @model_validator(mode="after")
    def _weights_lie_in_the_file(self) -> Self:
        if choice.races(self.backbone) and self.weights not in ("auto", "imagenet", "none"):
            raise ValueError(
                f"weights {self.weights}: expected auto, since one file holds no weights of "
                "several backbones. Keep each: sightline weights add FILE --as NAME"
            )
        if is_model_file(self.backbone) and self.weights != "auto":
            raise ValueError(
                f"weights {self.weights}: expected auto, since backbone {self.backbone} is a "
                "whole model, which holds its weights. Remove weights, or set backbone to the "
                "name of a keras.applications model"
            )
        return self
