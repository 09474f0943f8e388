from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from sightline.ground.settings import (
    LocationText,
    StageSettings,
    TextList,
    filled_with,
    location,
    shown_first,
)

from .own_metrics.names import check_metrics

ExplainWith = Literal["auto", "integrated_gradients", "xrai"]


class EvaluateSettings(StageSettings):
    """What a model must reach to be deployed."""

    uses_gpu: ClassVar[bool] = True
    replaced: ClassVar[Mapping[str, str]] = {
        "max_accuracy_drop": "evaluate.margin (points of accuracy or F1) and evaluate.when_equal",
        "max_error_rise": "evaluate.margin, a share of the champion's mean absolute error",
    }

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
    own_metrics: TextList = ()
    """Metrics of installed packages to measure beside those of the kind of problem, by their names."""
    headline: str = ""
    """Which of `own_metrics` stands for the model: views of a run say it first, and it decides against the champion; empty leaves that to the kind of problem."""
    require: TextList = ()
    """What figures must reach to deploy, by their names in evaluation.json or among `own_metrics`, such as macro_f1 >= 0.8 or log_loss <= 0.5."""
    champion: LocationText = Field(
        default="", json_schema_extra=location("read", folder=True) | filled_with("live model")
    )
    """Model folder whose live version the new model must not lose against; empty: no comparison."""
    margin: float = Field(default=0.03, ge=0, le=1)
    """Difference from the champion that counts, on the same test images: points of accuracy or F1, a share of its log loss or mean absolute error. A model that is worse by more than half of it, beyond chance, is held."""
    part_margin: float = Field(default=0.1, ge=0, le=1)
    """How far a class, slice or range with at least `min_class_support` test images may lie below the champion's, beyond chance, before a hold: points of recall or accuracy, a share of its mean absolute error; 1 accepts any."""
    when_equal: Literal["deploy", "hold", "prefer_newer_data"] = "prefer_newer_data"
    """What becomes of a model that the test images cannot tell from the champion: `prefer_newer_data` deploys it if it learned from other images than the champion, or nobody knows, and else holds it."""
    top_k: int = Field(default=5, ge=2)
    """Top-k accuracy counts images whose class is among so many likeliest ones; shown where there are more classes."""
    min_slice_images: int = Field(default=20, ge=2)
    """Test images that a slice needs before it is held against the other images."""
    fairness_columns: TextList = ()
    """Slice columns whose groups are compared by how often each is given a name, rightly and wrongly, such as skin_tone."""
    robustness_images: int = Field(default=0, ge=0)
    """Test images that are also asked about darker, brighter, flatter, blurred, compressed, noisy, turned and cropped, at two strengths each; 0 asks about none. Each costs 16 answers of the whole model."""
    robustness_seconds: int = Field(default=0, ge=0, le=3600)
    """Seconds to spend on them at most, the stronger of each change first; 0 sets no limit."""
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    """Level of every interval."""
    bootstrap_samples: int = Field(default=1000, ge=100)
    """Resamples behind each bootstrap interval."""
    max_thumbnails: int = Field(default=24, ge=0, le=200)
    """Pictures of each kind shown in the report at most: confident mistakes, least sure answers, images that flipped against the live model."""
    explain_seconds: int = Field(default=0, ge=0, le=3600)
    """Seconds to spend, after the decision, on showing what in their pixels led to the worst mistakes; 0 shows none."""
    explain_with: ExplainWith = "auto"
    """How: `xrai` ranks regions, for photographs; `integrated_gradients` counts single pixels, for grey or low-contrast images such as X-rays; `auto` chooses for each image."""
    seed: int = Field(default=7, ge=0)
    """Seed of the resampling."""

    @model_validator(mode="after")
    def _metrics_are_there(self) -> Self:
        check_metrics(self.own_metrics, self.headline, self.require)
        return self

    @property
    def compare_slices(self) -> bool:
        """Return whether slices are held against the other images: evaluate always does it."""
        return True
