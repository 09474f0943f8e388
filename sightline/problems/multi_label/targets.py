"""A set of names: class indices in the records, a yes or no per class to TensorFlow."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from typing import Any

from sightline.ground.source.targets import Target
from sightline.problems.findings import NotRun, Outcome
from sightline.problems.multi_label.checks import check_sets
from sightline.problems.targets import Targets as Questions
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.tfrecord import Features

WITHOUT = "(no label)"
"""What to call a set of no labels, where no label is called so."""


class Targets(Questions):
    """Any number of names for every image."""

    def check(self, survey: TargetSurvey) -> list[Outcome]:
        return check_sets(survey)

    def strata(self, targets: Sequence[Target], uris: Sequence[str]) -> list[str]:
        """Return the rarest label of each image: so rare ones reach every split first.

        It is what iterative stratification begins with (Sechidis et al., 2011).
        """
        counts = Counter(label for target in targets for label in target.labels)
        without = unlike(counts)
        return [
            min(target.labels, key=lambda name: (counts[name], name), default=without)
            for target in targets
        ]

    def single_labels(self, targets: Sequence[Target]) -> NotRun:
        return NotRun(
            "Labels are not doubted where an image may have several: evaluate lists the images "
            "whose set of labels the model contradicts most."
        )

    @property
    def features(self) -> dict[str, str]:
        return {"labels": "int64 class indices, any number"}

    def encode(self, target: Target, classes: Sequence[str]) -> Features:
        return {"labels": [classes.index(label) for label in target.labels]}

    def parsing(self) -> dict[str, Any]:
        import tensorflow as tf

        return {"labels": tf.io.VarLenFeature(tf.int64)}

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        """Return float32 [classes]: 1 for each name of the image, else 0."""
        import tensorflow as tf

        return tf.reduce_sum(tf.one_hot(parsed["labels"].values, len(info.classes)), axis=0)

    def caption(self, decoded: Any, info: RecordsInfo) -> str:
        held = [name for name, has in zip(info.classes, decoded, strict=True) if has]
        return ", ".join(held) or unlike(info.classes)


def unlike(names: Container[str]) -> str:
    """Return what to call a set of no labels, so that no label of `names` is called the same."""
    title = WITHOUT
    while title in names:
        title = f"({title})"
    return title
