"""One number with its unit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from sightline.problems.regression.scale import Scale
from sightline.problems.serving import Arrays, Sameness, differences
from sightline.problems.serving import Serving as Questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """What the model says about one image."""

    value: float
    unit: str


class Serving(Questions[Number]):
    """One number for every image."""

    outputs = ("value",)
    fields = "value and unit"

    @cached_property
    def scale(self) -> Scale:
        """What is known of the training images' numbers."""
        return Scale.of(self.about)

    def signature(self, outputs: Mapping[str, Any], names: Any) -> dict[str, Any]:
        """Return two tensors: `value` float32 [n] and `unit` string [n]."""
        import tensorflow as tf

        value = tf.reshape(outputs["value"], [-1])
        return {"value": value, "unit": tf.fill(tf.shape(value), self.scale.unit)}

    def read(self, outputs: Arrays, classes: Sequence[str]) -> list[Number]:
        unit = self.scale.unit
        return [Number(value=value, unit=unit) for value in outputs["value"].reshape(-1).tolist()]

    def as_json(self, answer: Number) -> dict[str, Any]:
        return asdict(answer)

    def named(self, answer: Number, classes: Sequence[str]) -> dict[str, Any]:
        return asdict(answer)

    def from_json(self, content: Mapping[str, Any]) -> Number:
        return Number(value=float(content["value"]), unit=str(content["unit"]))

    def group(self, answer: Number) -> str:
        """Name the range of the training images' numbers that it falls into."""
        return str(self.scale.range_of(answer.value))

    def caption(self, answer: Number) -> tuple[str, str]:
        scale = replace(self.scale, unit=answer.unit)
        return scale.text(answer.value) if self.about else _short(answer), ""

    def same(self, expected: Sequence[Number], received: Sequence[Number]) -> Sameness:
        """Compare by the training images' standard deviation: 0.01 is a hundredth of it."""
        gap = differences(
            [answer.value for answer in expected],
            [answer.value for answer in received],
            exact=True,
        )
        units = np.array([a.unit == b.unit for a, b in zip(expected, received, strict=True)])
        gap = np.where(units, gap, np.inf)
        relative = gap / (self.scale.deviation or 1.0)
        return Sameness(gap <= self.scale.tolerance, relative, float(relative.mean()))


def _short(answer: Number) -> str:
    return f"{answer.value:.4g} {answer.unit}".rstrip()
