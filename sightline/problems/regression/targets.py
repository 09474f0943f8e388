"""One number for every image: a float in the records, in the user's unit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sightline.ground.errors import DataError, shorten
from sightline.ground.source.targets import Target
from sightline.problems.about import About
from sightline.problems.findings import NotRun, Outcome
from sightline.problems.regression.checks import check_numbers
from sightline.problems.regression.scale import NUM_RANGES, Scale, edges_of, learned
from sightline.problems.targets import Targets as Questions
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.tfrecord import Features

if TYPE_CHECKING:
    import pyarrow as pa

    from sightline.stage.report.page import Page

FEWEST_PER_RANGE = 10
"""Ranges of fewer images could not be shared among three splits."""


class Targets(Questions):
    """One number for every image."""

    part = "range"

    def column(self) -> "pa.DataType":
        import pyarrow as pa

        return pa.float64()

    def title(self, target: Target) -> str:
        return "" if target.value is None else Scale.of(self.about).exact(target.value)

    def learn(self, targets: Sequence[Target]) -> About:
        return learned([target.value for target in targets], self.about)

    def check(self, survey: TargetSurvey) -> list[Outcome]:
        return check_numbers(survey, Scale.of(self.about))

    def agree(self, one: Target, other: Target) -> bool:
        """Tell whether two numbers lie within the tolerance of each other."""
        return abs(float(one.value) - float(other.value)) <= Scale.of(self.about).tolerance

    def show(self, page: "Page", targets: Sequence[Target]) -> None:
        from sightline.stage.report import charts

        scale = Scale.of(self.about)
        values = [float(target.value) for target in targets if target.value is not None]
        if not values:
            return
        page.section("Numbers", f"{scale.titled[0].upper()}{scale.titled[1:]}, per image.")
        page.figure(charts.histogram(values, x_label=scale.titled))
        low, quarter, middle, upper, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1]).tolist()
        columns = ["smallest", "25 %", "median", "75 %", "largest", "mean"]
        row = [low, quarter, middle, upper, high, float(np.mean(values))]
        page.table(columns, [[scale.exact(value) for value in row]])

    def single_labels(self, targets: Sequence[Target]) -> NotRun:
        return NotRun("Numbers are no names of classes; wrong_numbers judges them.")

    def strata(self, targets: Sequence[Target], uris: Sequence[str]) -> list[str]:
        """Return ranges with about as many images each; the range of a whole number is its own."""
        without = [uri for uri, target in zip(uris, targets, strict=True) if target.value is None]
        if without:
            raise DataError(
                f"expected one number per image, received {len(without):,} images without: "
                f"{shorten(without)}. Run ingest again with problem regression."
            )
        if not targets:
            return []
        values = [float(target.value) for target in targets]
        most = max(1, min(NUM_RANGES, len(values) // FEWEST_PER_RANGE))
        whole = all(value.is_integer() for value in values)
        scale = Scale(edges=edges_of(values, most), whole=whole)
        names = scale.ranges
        return [names[scale.range_of(value)] for value in values]

    def in_order(self, strata: Sequence[str], targets: Sequence[Target]) -> list[str]:
        """Return the ranges from the lowest to the highest."""
        lowest: dict[str, float] = {}
        for name, target in zip(strata, targets, strict=True):
            lowest[name] = min(float(target.value), lowest.get(name, float(target.value)))
        return sorted(lowest, key=lowest.__getitem__)

    @property
    def features(self) -> dict[str, str]:
        return {"value": f"float, {Scale.of(self.about).titled}"}

    def encode(self, target: Target, classes: Sequence[str]) -> Features:
        return {"value": [float(target.value)]}

    def parsing(self) -> dict[str, Any]:
        import tensorflow as tf

        return {"value": tf.io.FixedLenFeature([], tf.float32)}

    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        return parsed["value"]

    def caption(self, decoded: Any, info: RecordsInfo) -> str:
        return Scale.of(self.about).exact(float(decoded))
