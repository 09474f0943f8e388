"""One label for every image: a class index in the records."""

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.targets import Target
from sightline.problems._checks.classes import check_classes
from sightline.problems.classification.checks import check_labels
from sightline.problems.findings import Outcome
from sightline.problems.targets import Targets as Questions
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.tfrecord import Features


class Targets(Questions):
    """One label for every image."""

    def check(self, survey: TargetSurvey) -> list[Outcome]:
        return [*check_classes(survey), *check_labels(survey)]

    def strata(self, targets: Sequence[Target], uris: Sequence[str]) -> list[str]:
        others = [
            f"{uri} ({', '.join(target.labels) or 'no label'})"
            for uri, target in zip(uris, targets, strict=True)
            if len(target.labels) != 1
        ]
        if others:
            raise DataError(
                "expected one label per image, because this pipeline trains single-label "
                f"classifiers; received {len(others):,} images with none or several: "
                f"{shorten(others)}. Give each image one label, or leave these images out."
            )
        return [target.labels[0] for target in targets]

    def single_labels(self, targets: Sequence[Target]) -> list[str | None]:
        return [
            target.labels[0] if len(target.labels) == 1 and target.labels[0].strip() else None
            for target in targets
        ]

    @property
    def features(self) -> dict[str, str]:
        return {"label": "int64 class index"}

    def encode(self, target: Target, classes: Sequence[str]) -> Features:
        return {"label": classes.index(target.labels[0])}

    def parsing(self) -> dict[str, Any]:
        import tensorflow as tf

        return {"label": tf.io.FixedLenFeature([], tf.int64)}

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        return parsed["label"]

    def caption(self, decoded: Any, info: RecordsInfo) -> str:
        return info.classes[int(decoded)]
