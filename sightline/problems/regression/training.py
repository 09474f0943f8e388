"""One linear unit on a standardised scale, Huber's loss, mean absolute error."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.problems.about import About
from sightline.problems.regression.linear import Ridge
from sightline.problems.regression.scale import Scale
from sightline.problems.training import Array, Objective
from sightline.problems.training import Training as Questions
from sightline.stage.formats.records import RecordsInfo

if TYPE_CHECKING:
    import keras


class Training(Questions):
    """One number for every image."""

    figures = ("mean_absolute_error",)
    higher_is_better = False
    mixes = True
    weighs = False

    def check(self, info: RecordsInfo) -> None:
        scale = Scale.of(info.about)
        if info.num_images("train") < 2 or not scale.deviation:
            raise DataError(
                "expected training images with two numbers or more; received "
                f"{info.num_images('train'):,} images, all with {scale.exact(scale.mean)}. Add "
                "images with other numbers."
            )

    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        """Begin at the mean of the training images, and answer in the user's unit."""
        import keras

        scale = Scale.of(self.about)
        return [
            keras.layers.Dense(1, kernel_initializer="zeros", name="standardised"),
            keras.layers.Rescaling(scale.deviation, scale.mean, name="value"),
        ]

    def differs(self, earlier: About) -> str:
        now, before = Scale.of(self.about).titled, Scale.of(earlier).titled
        return "" if now == before else f"it answers {before}, and the images have {now}"

    def inherited(
        self,
        weights: Sequence[Array],
        *,
        classes: Sequence[str],
        earlier_classes: Sequence[str],
        earlier: About,
    ) -> list[Array]:
        """Bring an answer from the earlier images' scale to this one: numbers stay the same."""
        now, before = Scale.of(self.about), Scale.of(earlier)
        kernel, bias = weights
        ratio = before.deviation / now.deviation
        shift = (before.mean - now.mean) / now.deviation
        return [(kernel * ratio).astype(kernel.dtype), (bias * ratio + shift).astype(bias.dtype)]

    def objective(self, *, label_smoothing: float) -> Objective:
        import keras

        from sightline.problems.regression.loss import ScaledHuber

        return Objective(
            loss=ScaledHuber(Scale.of(self.about).deviation),
            metrics=[keras.metrics.MeanAbsoluteError(name="mean_absolute_error")],
        )

    def goals(self, targets: Any, num_classes: int) -> Any:
        import tensorflow as tf

        return tf.reshape(targets, (-1, 1))

    def linear_model(self) -> Ridge:
        return Ridge(Scale.of(self.about))
