"""What is known about an image beside what it shows, and what no label should follow from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from components.label_check.measurement import Measurement, Scores
from components.label_check.shortcuts.rules import Binned, bins_of_numbers, bins_of_texts

Kind = Literal["light", "colour", "size", "file", "column"]
Seen = tuple[Measurement, Scores]
# ITU-R BT.601.
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Property:
    """A property by which images are told apart."""

    kind: Kind
    name: str
    unit: str
    value: Callable[[Measurement, Scores], float | str]


def brightness(scores: Scores) -> float:
    """Return the mean brightness, 0 to 1."""
    return sum(w * mean for w, mean in zip(LUMA, scores.channel_means, strict=True)) / 255


def contrast(scores: Scores) -> float:
    """Return the mean standard deviation of the channels, 0 to 1."""
    pairs = zip(scores.channel_means, scores.channel_squares, strict=True)
    return float(np.mean([max(square - mean * mean, 0.0) ** 0.5 for mean, square in pairs])) / 255


def share(scores: Scores, channel: int) -> float:
    """Return how much of all light is red, green or blue; a third each for grey."""
    total = sum(scores.channel_means)
    return scores.channel_means[channel] / total if total else 1 / 3


PROPERTIES = (
    Property("light", "brightness", "", lambda _, scores: brightness(scores)),
    Property("light", "contrast", "", lambda _, scores: contrast(scores)),
    Property("light", "brightness of the lightest parts", "", lambda _, scores: scores.darkness),
    Property("light", "brightness of the darkest parts", "", lambda _, s: 1 - s.lightness),
    Property("light", "sharpness", "", lambda _, scores: scores.sharpness),
    Property("light", "information", "", lambda _, scores: scores.information),
    Property("colour", "share of red", "", lambda _, scores: share(scores, 0)),
    Property("colour", "share of green", "", lambda _, scores: share(scores, 1)),
    Property("colour", "share of blue", "", lambda _, scores: share(scores, 2)),
    Property("size", "width", "px", lambda _, scores: scores.width),
    Property("size", "height", "px", lambda _, scores: scores.height),
    Property("size", "side", "px", lambda _, scores: scores.size_px),
    Property("size", "width / height", "", lambda _, scores: scores.width / scores.height),
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
