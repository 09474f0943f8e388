"""What a backbone of a package says of itself and does."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

Model = Any
"""A keras.Model: settings ask backbones, too, and know no TensorFlow."""


class PackageBackbone(ABC):
    """A network without its top. It imports TensorFlow inside functions only."""

    image_size: ClassVar[int]
    """Side of the images that its weights were trained on, in pixels."""
    num_parameters: ClassVar[int]
    licence: ClassVar[str]
    """Of its pretrained weights: model cards say it."""
    source: ClassVar[str]
    """Who trained them."""
    weights: ClassVar[Path | None]
    """The package's file of them, as Keras writes it (`.weights.h5`); None where users bring it."""

    @abstractmethod
    def build(self, *, image_size: int, pooling: str | None) -> Model:
        """Build it for images [image_size, image_size, 3], with random weights.

        Args:
            image_size: side of the images in pixels.
            pooling: `avg` for one vector an image, None for the feature map.

        Raises:
            ValueError: it is not for images of this size.
        """

    def scale(self, pixels: Any) -> Any:
        """Make of RGB pixels 0 to 255, float32 [1, 1, 3], what it takes; linear in each channel."""
        return pixels
