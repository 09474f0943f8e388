"""What is known about an image beside what it shows, and what no label should follow from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components.label_check.measurement import Measurement, Scores
from components.label_check.shortcuts.rules import Binned, bins_of_numbers, bins_of_texts
from sightline.ground.history.measurements import MEASUREMENTS

Kind = Literal["light", "colour", "size", "file", "column"]
Seen = tuple[Measurement, Scores]


@dataclass(frozen=True, slots=True)
class Property:
    """A property by which images are told apart."""

    kind: Kind
    name: str
    unit: str
    value: Callable[[Measurement, Scores], float | str]


def measurement(name: str) -> Callable[[Measurement, Scores], float]:
    """Return what gives one of the figures that every image has."""
    value = MEASUREMENTS[name].value
    return lambda _, scores: value(scores)


def share(scores: Scores, channel: int) -> float:
    """Return how much of all light is red, green or blue; a third each for grey."""
    total = sum(scores.channel_means)
    return scores.channel_means[channel] / total if total else 1 / 3


PROPERTIES = (
    Property("light", "brightness", "", measurement("brightness")),
    Property("light", "contrast", "", measurement("contrast")),
    Property("light", "brightness of the lightest parts", "", lambda _, scores: scores.darkness),
    Property("light", "brightness of the darkest parts", "", lambda _, s: 1 - s.lightness),
    Property("light", "sharpness", "", measurement("sharpness")),
    Property("light", "information", "", measurement("information")),
    Property("colour", "share of red", "", lambda _, scores: share(scores, 0)),
    Property("colour", "share of green", "", lambda _, scores: share(scores, 1)),
    Property("colour", "share of blue", "", lambda _, scores: share(scores, 2)),
    Property("size", "width", "px", lambda _, scores: scores.width),
    Property("size", "height", "px", lambda _, scores: scores.height),
    Property("size", "side", "px", measurement("size")),
    Property("size", "width / height", "", measurement("aspect")),
    Property("file", "format", "", lambda image, _: image.format),
    Property("file", "mode", "", lambda image, _: image.mode),
    Property("file", "bytes a pixel", "", lambda m, s: m.num_bytes / (s.width * s.height)),
    Property("file", "camera", "", lambda image, _: image.camera),
)


def properties_of(columns: Sequence[str]) -> list[Property]:
    """Return all properties, further columns of the source among them."""

    def of(place: int) -> Callable[[Measurement, Scores], str]:
        return lambda image, _: image.attributes[place] if image.attributes else ""

    found = [Property("column", f"column '{name}'", "", of(at)) for at, name in enumerate(columns)]
    return [*PROPERTIES, *found]


def binned(item: Property, images: Sequence[Seen], *, num_classes: int) -> Binned:
    """Put one property of all images into bins."""
    values = [item.value(*one) for one in images]
    numbers = [value for value in values if not isinstance(value, str)]
    if len(numbers) == len(values):
        return bins_of_numbers(np.array(numbers, np.float64), num_classes=num_classes)
    return bins_of_texts([str(value) for value in values])
