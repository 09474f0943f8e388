from pydantic import Field

from sightline.ground.settings import StageSettings, filled_with, shown_first


class ExportSettings(StageSettings):
    """What goes into the bundle, and how exactly it must answer."""

    litert: bool = True
    """Also write the LiteRT model in int8, calibrated on training images; the one in floats is always written."""
    model_name: str = Field(
        default="model",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        examples=["flowers"],
        json_schema_extra=filled_with("model name"),
    )
    """Name in the model card and the serving address."""
    parity_images: int = Field(default=100, ge=1)
    """Test images whose answers are compared with those of the trained model."""
    parity_tolerance: float = Field(default=0.02, gt=0, le=1)
    """Largest difference of any probability between the SavedModel and the trained model."""
    calibration_images: int = Field(default=50, ge=10)
    """Training images that set the ranges of the int8 model."""
    min_int8_agreement: float = Field(default=0.9, ge=0, le=1)
    """Smallest share of images on which int8 must say the same, such as the same class; below it the bundle leaves int8 out."""
    golden_requests: int = Field(default=8, ge=1, le=100)
    """Real requests with their answers that every deployment must repeat."""
    licence: str = Field(default="not stated", json_schema_extra=shown_first())
    """Licence of the model, for the model card."""
    intended_use: str = Field(default="not stated", json_schema_extra=shown_first())
    """What the model is meant for, for the model card."""
