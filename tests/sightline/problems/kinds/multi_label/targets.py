"""A set of words: class indices in the records, multi-hot to TensorFlow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.source.targets import Target
from sightline.problems.classification.evaluation.checks import blank_labels, check_classes
from sightline.problems.findings import Outcome
from sightline.problems.targets import Targets as Questions
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.tfrecord import Features


class Targets(Questions):
    """Any number of classes for every image."""

    def check(self, survey: TargetSurvey) -> list[Outcome]:
        return [*check_classes(survey), Outcome("blank_labels", blank_labels(survey))]

    def strata(self, targets: Sequence[Target], uris: Sequence[str]) -> list[str]:
        """Return the rarest label of each image."""
        counts = Counter(label for target in targets for label in target.labels)
        return [min(target.labels, key=lambda name: (counts[name], name)) for target in targets]

    @property
    def features(self) -> dict[str, str]:
        return {"labels": "int64 class indices"}

    def encode(self, target: Target, classes: Sequence[str]) -> Features:
        return {"labels": [classes.index(label) for label in target.labels]}

    def parsing(self) -> dict[str, Any]:
        import tensorflow as tf

        return {"labels": tf.io.VarLenFeature(tf.int64)}

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        import tensorflow as tf

        return tf.reduce_sum(tf.one_hot(parsed["labels"].values, len(info.classes)), axis=0)
