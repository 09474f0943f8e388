from typing import ClassVar

from pydantic import Field

from sightline.ground.settings import (
    LocationText,
    StageSettings,
    TextList,
    filled_with,
    location,
    shown_first,
)


class EvaluateSettings(StageSettings):
    """What a model must reach to be deployed."""

    uses_gpu: ClassVar[bool] = True

    min_accuracy: float = Field(default=0.5, ge=0, le=1, json_schema_extra=shown_first())
    """Smallest test accuracy to deploy; with several labels an image, smallest macro F1."""
    min_class_recall: float = Field(default=0.0, ge=0, le=1)
    """Smallest recall of any class with at least `min_class_support` test images to deploy."""
    min_class_support: int = Field(default=10, ge=1)
    """Test images that a class needs before its recall is held against the model."""
    max_calibration_error: float = Field(default=1.0, ge=0, le=1)
    """Largest expected calibration error to deploy; 1 accepts any."""
    beat_chance: bool = True
    """Hold a model whose interval of accuracy does not lie above naming the most common class, that of mean average precision not above a random order, or whose error does not lie beyond doubt below that of always answering the training images' median."""
    max_mean_error: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Largest mean absolute error to deploy where numbers are learned, in their unit; 0 accepts any."""
    min_error_reduction: float = Field(default=0.0, ge=0, lt=1)
    """Where numbers are learned, smallest share by which the mean absolute error must lie below that of always answering the training images' median; 0 accepts any."""
    champion: LocationText = Field(
        default="", json_schema_extra=location("read", folder=True) | filled_with("live model")
    )
    """Model folder whose live version the new model must not lose against; empty: no comparison."""
    max_accuracy_drop: float = Field(default=0.0, ge=0, le=1)
    """How far accuracy, or macro F1, may lie below the champion's, on the same test images, before a hold."""
    max_error_rise: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Where numbers are learned, how far the mean absolute error may lie above the champion's, on the same test images and in their unit, before a hold."""
    top_k: int = Field(default=5, ge=2)
    """Top-k accuracy counts images whose class is among so many likeliest ones; shown where there are more classes."""
    min_slice_images: int = Field(default=20, ge=2)
    """Test images that a slice needs before it is held against the other images."""
    fairness_columns: TextList = ()
    """Slice columns whose groups are compared by how often each is given a name, rightly and wrongly, such as skin_tone."""
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of every interval."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples behind each bootstrap interval."""
    max_thumbnails: int = Field(default=24, ge=0, le=200)
    """Most confident mistakes shown in the report."""
    seed: int = Field(default=7, ge=0)
    """Seed of the resampling."""
