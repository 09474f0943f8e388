"""One of two labels: a class index in the records, 1 for the positive class to TensorFlow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.errors import shorten
from sightline.ground.source.targets import Target
from sightline.problems._checks.counts import counts_left
from sightline.problems.about import About
from sightline.problems.binary.words import positive_of
from sightline.problems.classification.targets import Targets as OneLabel
from sightline.problems.findings import Finding, Outcome
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.records import RecordsInfo

SETTING = "positive_class"


class Targets(OneLabel):
    """One of two labels for every image."""

    def check(self, survey: TargetSurvey) -> list[Outcome]:
        return [
            *super().check(survey),
            Outcome("two_classes", _two_classes(survey)),
            Outcome(SETTING, self._positive(survey)),
        ]

    def learn(self, targets: Sequence[Target]) -> About:
        """Choose the positive class, where the settings name none."""
        if self.about.get(SETTING):
            return {}
        return {SETTING: positive_of(Counter(one.labels[0] for one in targets))}

    def _positive(self, survey: TargetSurvey) -> Finding | None:
        wanted = self.about.get(SETTING, "")
        if wanted and wanted not in survey.classes:
            return Finding(
                severity="error",
                title=f"The positive class '{wanted}' is none of {shorten(list(survey.classes))}.",
                remedy="Correct ingest.positive_class.",
            )
        chosen = positive_of(counts_left(survey))
        if wanted or not chosen:
            return None
        return Finding(
            severity="info",
            title=f"'{chosen}' is taken for the positive class.",
            remedy="Its probability is answered, and precision and recall are of it. "
            "ingest.positive_class names another, or keeps this one whatever data are added.",
            classes=(chosen,),
        )

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        """Return int64: 1 where the image is of the positive class, else 0."""
        import tensorflow as tf

        return tf.cast(parsed["label"] == info.classes.index(info.about[SETTING]), tf.int64)

    def caption(self, decoded: Any, info: RecordsInfo) -> str:
        positive = info.classes.index(info.about[SETTING])
        return info.classes[positive if decoded else 1 - positive]


def _two_classes(survey: TargetSurvey) -> Finding | None:
    if len(survey.classes) <= 2:
        return None
    return Finding(
        severity="error",
        title=f"There are {len(survey.classes):,} classes: {shorten(list(survey.classes))}.",
        remedy="Problem binary tells two apart. Set ingest.problem to classification, or give all "
        "but the positive class one name.",
        classes=survey.classes,
    )
