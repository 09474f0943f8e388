"""Choose a recipe, and say why."""

from collections.abc import Mapping
from dataclasses import dataclass

from sightline.ground.backbones.table import is_model_file

# Below this a pretrained backbone, which halves the image five times, has a pixel or two left.
SMALLEST_FOR_BACKBONE_PX = 64
# The book's rule of thumb: up to here the backbone's features are better left alone.
ENOUGH_TO_FINE_TUNE = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe and the sentence that explains it."""

    recipe: str
    reason: str


NO_WEIGHTS = "train.weights is none."


def too_small(image_size: int, backbone: str) -> str:
    """Say why images of this size want no backbone; nothing where they may have one."""
    # A model in a file says itself how large they must be.
    if is_model_file(backbone) or image_size >= SMALLEST_FOR_BACKBONE_PX:
        return ""
    return (
        f"Images of {image_size} px are too small for a pretrained backbone, which wants "
        f"{SMALLEST_FOR_BACKBONE_PX} px or more."
    )


def choose_recipe(
    counts: Mapping[str, int],
    *,
    image_size: int,
    weights_missing: str,
    has_gpu: bool,
    backbone: str = "",
    part: str = "class",
) -> Choice:
    """Choose from images per class, image size, weights and hardware.

    Args:
        counts: training images per class.
        image_size: side of the images in pixels.
        weights_missing: why there are no pretrained weights; empty where there are.
        has_gpu: whether TensorFlow sees a GPU.
        backbone: its name or file, which says how large images must be; empty for any name.
        part: what the counts are of, in a word.
    """
    per_class = sorted(counts.values())[len(counts) // 2]
    if reason := too_small(image_size, backbone):
        return Choice("scratch", reason)
    if weights_missing:
        return Choice("scratch", f"There are no pretrained weights: {weights_missing}")
    images = f"A {part} has {per_class:,} training images at the median"
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
