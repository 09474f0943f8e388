from typing import Literal

from pydantic import Field

from sightline.ground.settings import StageSettings, shown_first


class LabelCheckSettings(StageSettings):
    """What counts as a finding, and which findings fail the run."""

    fail_on: Literal["error", "warning", "never"] = Field(
        default="error", json_schema_extra=shown_first()
    )
    """Lowest severity of a finding that fails the run; never reports only."""
    remove: Literal["duplicates", "leaks", "near_duplicates", "nothing"] = "duplicates"
    """What the cleaned dataset leaves out: extra copies of an image and images under two labels; with leaks also near-duplicates of images in a split to protect more, such as a crop in train of a photo in test; with near_duplicates all but the best of them; or nothing."""
    near_duplicates: Literal["group", "report", "off"] = "group"
    """Edits of one photo (crops, small turns, mirrored, other quality): group keeps them in one split, report only shows them, off does not look for them."""
    max_leaked_share: float = Field(default=0.005, ge=0, le=1)
    """From this share of a given test or validation split with near-duplicates in another split on, leaks are an error."""
    min_images_per_class: int = Field(default=10, ge=1)
    """A class with fewer images is reported as rare."""
    wanted_images_per_class: int = Field(default=100, ge=1)
    """A class with fewer images is named as one to collect images of."""
    max_imbalance: float = Field(default=100.0, ge=1)
    """Largest ratio of the most common to the rarest class before imbalance is reported."""
    dark_threshold: float = Field(default=0.32, ge=0, le=1)
    """An image whose 99th percentile of brightness (0 to 1) lies below this is dark."""
    light_threshold: float = Field(default=0.05, ge=0, le=1)
    """An image whose 5th percentile of brightness, counted from white (0 to 1), lies below this is light."""
    blur_threshold: float = Field(default=0.29, ge=0, le=1)
    """An image with a sharpness score (0 to 1, from its edges at 64 px) below this is blurry."""
    information_threshold: float = Field(default=0.3, ge=0, le=1)
    """An image whose colour histogram has an entropy, in tenths of bits (0 to 1), below this carries little information."""
    odd_aspect_threshold: float = Field(default=0.35, ge=0, le=1)
    """An image whose short side is less than this share of its long side has an odd shape."""
    odd_size_threshold: float = Field(default=10.0, ge=1)
    """An image whose size (square root of its area) is more than this many times above or below the median has an odd size."""
    max_thumbnails: int = Field(default=12, ge=0, le=100)
    """Thumbnails per finding in the report."""
    workers: int = Field(default=0, ge=0)
    """Threads that decode and measure images; 0 takes one per core."""
