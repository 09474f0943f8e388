"""A sigmoid per class."""

from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.problems.training import Objective
from sightline.problems.training import Training as Questions
from sightline.stage.formats.records import RecordsInfo

if TYPE_CHECKING:
    import keras


class Training(Questions):
    """Any number of classes for every image."""

    figures = ("label_accuracy",)

    def check(self, info: RecordsInfo) -> None:
        if not info.num_images("train"):
            raise DataError("expected training images, received none. Add images.")

    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        import keras

        return [keras.layers.Dense(num_classes, activation="sigmoid", name="probabilities")]

    def objective(self, *, label_smoothing: float) -> Objective:
        import keras

        return Objective(
            loss=keras.losses.BinaryCrossentropy(label_smoothing=label_smoothing),
            metrics=[keras.metrics.BinaryAccuracy(name="label_accuracy")],
        )

    def goals(self, targets: Any, num_classes: int) -> Any:
        return targets

    def weights(self, targets: Any, class_weights: Any) -> Any:
        """Let the rarest of an image's labels say how much it counts."""
        import tensorflow as tf

        return tf.maximum(1.0, tf.reduce_max(targets * class_weights, axis=1))
