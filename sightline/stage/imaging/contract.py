"""The preprocessing contract: how any image file becomes the pixels that a model sees."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Range = tuple[float, float]
"""The values that become black and white."""


class Geometry(BaseModel):
    """Which square of pixels becomes of an image file: uint8 [image_size, image_size, channels]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image_size: int
    resize_mode: Literal["squash", "pad", "crop"]
    crop_scale: float = 2.0
    interpolation: Literal["bilinear", "nearest", "bicubic"]
    channels: Literal[1, 3]
    scaling: Literal["0..255"] = "0..255"
    value_range: Range | None = Field(default=None, exclude_if=lambda value: value is None)
    """Black and white of files with more than 8 bits a sample that name no white themselves.

    None takes all of their type, and stands in no document: most have no such files.
    """


class PreprocessingContract(Geometry):
    """Everything that training, evaluation, export and serving must agree on.

    Values of pixels are 0 to 255. Scaling to what a backbone expects is part of the model, so no
    caller has to know it.
    """

    mean: tuple[float, ...]
    """Per channel over the training images, in 0 to 255."""
    std: tuple[float, ...]

    @property
    def geometry(self) -> Geometry:
        """Which pixels it makes of an image, whatever the others look like."""
        return Geometry(**{name: getattr(self, name) for name in Geometry.model_fields})


def fitted_size(height: int, width: int, side: int) -> tuple[int, int]:
    """Return the height and width of an image scaled to fit into a square, in whole pixels."""
    longest = max(height, width)
    return (
        max(1, (2 * height * side + longest) // (2 * longest)),
        max(1, (2 * width * side + longest) // (2 * longest)),
    )
