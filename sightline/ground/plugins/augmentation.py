"""What a random change to training images says of itself and does, where a package brings it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sightline.ground.settings import StageSettings


class PackageAugmentation(StageSettings, ABC):
    """A random change; its settings are the class's fields, with types, bounds and defaults.

    It imports TensorFlow inside functions only.
    """

    sentence: ClassVar[str]
    """What it does to an image."""

    @abstractmethod
    def change(self, images: Any, seed: Any) -> Any:
        """Change a batch, each image in its own way; what they show stays where it is.

        Args:
            images: float32 [n, s, s, c], 0 to 255.
            seed: int64 [2], for `tf.random.stateless_*`: equal seeds must give equal changes.

        Returns: the same shape; what lies outside 0 to 255 is clipped.
        """
