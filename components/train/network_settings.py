from typing import Literal

from pydantic import Field, field_validator

from sightline.ground.errors import nearest, shorten
from sightline.ground.settings import LocationText, StageSettings, location, shown_first

from .backbone_names import BACKBONES


class NetworkSettings(StageSettings):
    """Which network an image goes through: what the tasks of this stage share."""

    recipe: Literal["auto", "scratch", "frozen", "fine_tune"] = Field(
        default="auto", json_schema_extra=shown_first()
    )
    """A small CNN from scratch, a head on a frozen backbone, or fine-tuning after the head; auto chooses and says why."""
    backbone: str = "MobileNetV2"
    """Name of a keras.applications model."""
    weights: LocationText = Field(
        default="auto",
        json_schema_extra=location("read", words=("auto", "imagenet", "none")) | shown_first(),
    )
    """imagenet, none, or a path or URI of a weights file for the backbone without its top; auto is imagenet, which recipe auto does without where it cannot be fetched."""

    @property
    def backbone_is_chosen(self) -> bool:
        """Whether someone wants this backbone, or these weights, and no other network."""
        default = type(self).model_fields["backbone"].default
        return self.backbone != default or self.weights not in ("auto", "none")

    @field_validator("backbone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in BACKBONES:
            guess = nearest(name.lower(), [one.lower() for one in BACKBONES])
            near = [one for one in BACKBONES if one.lower() == guess]
            said = f"Did you mean {near[0]}?" if near else f"Known: {shorten(BACKBONES, 10)}."
            raise ValueError(f"expected a keras.applications model, received {name!r}. {said}")
        return name
