"""Choose a recipe, and say why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from components.train.backbone_names import is_model_file

Recipe = Literal["scratch", "frozen", "fine_tune"]

# Below this a pretrained backbone, which halves the image five times, has a pixel or two left.
SMALLEST_FOR_BACKBONE_PX = 64
# The book's rule of thumb: up to here the backbone's features are better left alone.
ENOUGH_TO_FINE_TUNE = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe and the sentence that explains it."""

    recipe: Recipe
    reason: str


def smallest_px(backbone: str) -> int:
    """Return how large images must be for a backbone; a model in a file says so itself."""
    return 1 if is_model_file(backbone) else SMALLEST_FOR_BACKBONE_PX


def choose_recipe(
    counts: Mapping[str, int],
    *,
    image_size: int,
    weights_missing: str,
    has_gpu: bool,
    smallest: int = SMALLEST_FOR_BACKBONE_PX,
) -> Choice:
    """Choose from images per class, image size, weights and hardware.

    Args:
        counts: training images per class.
        image_size: side of the images in pixels.
        weights_missing: why there are no pretrained weights; empty where there are.
        has_gpu: whether TensorFlow sees a GPU.
        smallest: how large images must be for the backbone.
    """
    per_class = sorted(counts.values())[len(counts) // 2]
    if image_size < smallest:
        reason = (
            f"Images of {image_size} px are too small for a pretrained backbone, which wants "
            f"{smallest} px or more."
        )
        return Choice("scratch", reason)
    if weights_missing:
        return Choice("scratch", f"There are no pretrained weights: {weights_missing}")
    images = f"A class has {per_class:,} training images at the median"
    if per_class < ENOUGH_TO_FINE_TUNE:
        reason = (
            f"{images}; below {ENOUGH_TO_FINE_TUNE:,} a new head on a frozen backbone "
            "generalises best."
        )
        return Choice("frozen", reason)
    if not has_gpu:
        reason = (
            f"{images}, enough for fine-tuning, but there is no GPU, and without one an epoch "
            "takes minutes per thousand images. Set train.recipe to fine_tune to have it anyway."
        )
        return Choice("frozen", reason)
    reason = f"{images}; from {ENOUGH_TO_FINE_TUNE:,} on, fine-tuning the last layers pays."
    return Choice("fine_tune", reason)
