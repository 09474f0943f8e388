"""Boxes: shares of the upright image, in the square's shares once the image is resized."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sightline.ground.source.targets import Target
from sightline.problems._checks.classes import check_classes
from sightline.problems.findings import Outcome
from sightline.problems.targets import Targets as Questions
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.tfrecord import Features
from sightline.stage.imaging.placement import Placement

if TYPE_CHECKING:
    import pyarrow as pa

MOST_BOXES = 8
SMALLEST_SHARE_LEFT = 0.3


class Targets(Questions):
    """A value is a list of {"label": ..., "box": [left, top, right, bottom]}."""

    def column(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.list_(pa.struct([("label", pa.string()), ("box", pa.list_(pa.float32()))]))

    def check(self, survey: TargetSurvey) -> list[Outcome]:
        return check_classes(survey)

    def strata(self, targets: Sequence[Target], uris: Sequence[str]) -> list[str]:
        """Return the set of an image's classes."""
        return ["+".join(sorted(target.labels)) for target in targets]

    def move(self, target: Target, placement: Placement) -> Target:
        """Return the boxes of which enough is left, cut at the edges of the square."""
        scale = (placement.scale_x, placement.scale_y) * 2
        offset = (placement.offset_x, placement.offset_y) * 2
        value = []
        for one in target.value:
            moved = [o + s * at for o, s, at in zip(offset, scale, one["box"], strict=True)]
            cut = [min(1.0, max(0.0, at)) for at in moved]
            if area(cut) >= SMALLEST_SHARE_LEFT * area(moved):
                value.append({"label": one["label"], "box": cut})
        return Target(tuple(dict.fromkeys(one["label"] for one in value)), value)

    @property
    def features(self) -> dict[str, str]:
        return {"boxes": "float left, top, right, bottom per box", "classes": "int64 per box"}

    def encode(self, target: Target, classes: Sequence[str]) -> Features:
        return {
            "boxes": [float(at) for one in target.value for at in one["box"]],
            "classes": [classes.index(one["label"]) for one in target.value],
        }

    def parsing(self) -> dict[str, Any]:
        import tensorflow as tf

        return {"boxes": tf.io.VarLenFeature(tf.float32), "classes": tf.io.VarLenFeature(tf.int64)}

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        """Return float32 [MOST_BOXES, 5]: edges and class; the class of no box is -1."""
        import tensorflow as tf

        boxes = tf.reshape(parsed["boxes"].values, (-1, 4))[:MOST_BOXES]
        classes = tf.cast(parsed["classes"].values, tf.float32)[:MOST_BOXES, tf.newaxis]
        rows = tf.concat([boxes, classes], axis=1)
        missing = [[0, MOST_BOXES - tf.shape(rows)[0]], [0, 0]]
        return tf.ensure_shape(tf.pad(rows, missing, constant_values=-1.0), (MOST_BOXES, 5))


def area(box: Sequence[float]) -> float:
    """Return the share of the image."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
