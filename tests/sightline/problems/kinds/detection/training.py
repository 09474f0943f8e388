"""Every cell of the feature map says which class has its middle there, and where its edges are."""

from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.problems.training import Objective
from sightline.problems.training import Training as Questions
from sightline.stage.formats.records import RecordsInfo

if TYPE_CHECKING:
    import keras


class Training(Questions):
    """A box and a class for every thing."""

    takes = "map"

    def check(self, info: RecordsInfo) -> None:
        if not info.num_images("train"):
            raise DataError("expected training images, received none. Add images.")

    def last_layers(self, num_classes: int) -> "list[keras.layers.Layer]":
        import keras

        # Four edges and a score per class for each cell.
        return [keras.layers.Conv2D(4 + num_classes, 1, activation="sigmoid", name="cells")]

    def objective(self, *, label_smoothing: float) -> Objective:
        return Objective(loss=cell_loss, metrics=())

    def goals(self, targets: Any, num_classes: int) -> Any:
        return targets

    def move(self, targets: Any, transforms: Any) -> Any:
        """Move the corners by the inverse of the transform and take the box around them."""
        import tensorflow as tf

        boxes, kinds = targets[..., :4] * SIDE_PX, targets[..., 4:]
        rows = tf.reshape(transforms[:, :6], (-1, 2, 3))
        inverse = tf.linalg.inv(rows[:, :, :2])
        corners = tf.stack(
            [tf.gather(boxes, [x, y], axis=-1) for x in (0, 2) for y in (1, 3)], axis=2
        )
        moved = tf.einsum("nij,nbcj->nbci", inverse, corners - rows[:, None, None, :, 2])
        hull = tf.concat([tf.reduce_min(moved, axis=2), tf.reduce_max(moved, axis=2)], axis=-1)
        held = tf.clip_by_value(hull / SIDE_PX, 0.0, 1.0)
        return tf.concat([tf.where(kinds < 0, -1.0, held), kinds], axis=-1)


SIDE_PX = 32.0


def cell_loss(truth: Any, answer: Any) -> Any:
    """Return cross-entropy of the scores, and the distance of edges where a thing is, float [n]."""
    import tensorflow as tf

    size = tf.shape(answer)[1]
    held = tf.cast(truth[..., 4] >= 0, tf.float32)
    middle = (truth[..., 0:2] + truth[..., 2:4]) / 2
    at = tf.clip_by_value(tf.cast(middle * tf.cast(size, tf.float32), tf.int32), 0, size - 1)
    place = tf.one_hot(at[..., 1] * size + at[..., 0], size * size) * held[..., tf.newaxis]
    kind = tf.one_hot(tf.cast(truth[..., 4], tf.int32), answer.shape[-1] - 4)
    flat = tf.reshape(answer, (tf.shape(answer)[0], -1, answer.shape[-1]))
    wanted = tf.minimum(1.0, tf.einsum("nbp,nbk->npk", place, kind))
    scores = tf.reduce_sum(tf.keras.losses.binary_crossentropy(wanted, flat[..., 4:]), axis=1)
    there = tf.einsum("nbp,npk->nbk", place, flat[..., :4])
    edges = tf.reduce_sum(tf.abs(there - truth[..., :4]) * held[..., tf.newaxis], axis=(1, 2))
    return scores + edges
