"""How any image becomes the square that a model sees: settings that several stages share."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sightline.ground.settings import StageSettings, shown_first


def _whole_number(value: Any) -> Any:
    # A choice between numbers does not read text, and flags of the command line are text.
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class GeometrySettings(StageSettings):
    """How images are resized."""

    image_size: int = Field(default=224, ge=8, le=2048, json_schema_extra=shown_first())
    """Side of the square image that the model sees, in pixels."""
    resize_mode: Literal["squash", "pad", "crop"] = Field(
        default="squash", json_schema_extra=shown_first()
    )
    """squash ignores the aspect ratio, pad fills up to a square, crop takes the centre of a larger padded resize."""
    crop_scale: float = Field(default=2.0, ge=1, le=8)
    """How many times as large as its crop the image is made before crop takes the centre."""
    interpolation: Literal["bilinear", "nearest", "bicubic"] = "bilinear"
    """How pixels are interpolated; shrinking is antialiased."""
    channels: Annotated[Literal[1, 3], BeforeValidator(_whole_number)] = 3
    """1 for grey, 3 for RGB."""
