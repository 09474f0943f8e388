from typing import Literal, Self

from pydantic import Field, model_validator

from sightline.ground.geometry import GeometrySettings
from sightline.ground.settings import LocationText, filled_with, location

NO_EARLIER_SPLITS = ("none",)
"""Words of `splits_from` that name no records."""


class PreprocessSettings(GeometrySettings):
    """How images are split and resized."""

    validation_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of images for validation where the source gives no split."""
    test_share: float = Field(default=0.1, gt=0, lt=1)
    """Share of images for the test where the source gives no split."""
    stratify: Literal["stable", "exact", "auto"] = "auto"
    """stable gives each class its shares up to chance and never moves an image when others are added; exact gives the shares to the image, auto does so for classes that chance may leave without a split: both may move images where splits_from keeps none."""
    splits_from: LocationText = Field(
        default="",
        json_schema_extra=location("read", words=NO_EARLIER_SPLITS) | filled_with("earlier splits"),
    )
    """Records of an earlier run with the same split_salt and shares: its images keep their splits. Empty takes those of the newest run of the project that succeeded, for runs here and those that are submitted to Vertex AI; elsewhere none, as the word none does."""
    split_salt: str = "sightline"
    """Changes which images fall into which split; keep it for as long as models are compared."""
    compress: bool = False
    """Compress records: 40 % smaller for photographs, but slower to write and to read."""
    shard_megabytes: int = Field(default=100, ge=1, le=1000)
    """About how large a record file becomes."""
    workers: int = Field(default=0, ge=0)
    """Threads that decode and resize images; 0 takes one per core."""

    @model_validator(mode="after")
    def _leave_images_for_training(self) -> Self:
        if self.validation_share + self.test_share >= 1:
            raise ValueError(
                "validation_share and test_share must leave images for training: expected a sum "
                f"below 1, received {self.validation_share} + {self.test_share}. Lower one of them"
            )
        return self
