"""How images look, in figures: one list for label check, expectations and differences of datasets.

Label check measures each image once and writes what it found of each figure; whoever reads it
reads this list as well, so that a name means one thing everywhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Outline(Protocol):
    """What is known of an image that nobody decoded."""

    @property
    def width(self) -> int:
        """In pixels, upright."""

    @property
    def height(self) -> int:
        """In pixels, upright."""


class Look(Outline, Protocol):
    """What one decode tells."""

    @property
    def channel_means(self) -> tuple[float, float, float]:
        """Red, green and blue, 0 to 255."""

    @property
    def channel_squares(self) -> tuple[float, float, float]:
        """Mean of the squared values."""

    @property
    def sharpness(self) -> float:
        """From the edges at 64 px."""

    @property
    def information(self) -> float:
        """Entropy of the colours."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that every image has."""

    about: str
    value: Callable[[Look], float]


def brightness(look: Look) -> float:
    """Return the mean of all channel values, 0 to 255."""
    return sum(look.channel_means) / 3


def contrast(look: Look) -> float:
    """Return the standard deviation of all channel values, 0 to 255."""
    return math.sqrt(max(sum(look.channel_squares) / 3 - brightness(look) ** 2, 0))


def size(outline: Outline) -> float:
    """Return the side of a square of the same area, in pixels."""
    return math.sqrt(outline.width * outline.height)


def aspect(outline: Outline) -> float:
    """Return width by height."""
    return outline.width / outline.height


OUTLINES: dict[str, Callable[[Outline], float]] = {"size": size, "aspect": aspect}
"""Measurements that need no decoded image."""
MEASUREMENTS = {
    "brightness": Measured("mean of red, green and blue, 0 to 255", brightness),
    "contrast": Measured("standard deviation of red, green and blue, 0 to 255", contrast),
    "sharpness": Measured("0 to 1, from the edges at 64 px", lambda look: look.sharpness),
    "information": Measured("entropy of the colours, 0 to 1", lambda look: look.information),
    "size": Measured("square root of the area, in pixels", size),
    "aspect": Measured("width by height", aspect),
}
