"""Mean and standard deviation of pixels, over any number of images."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from sightline.stage.imaging.arrays import Pixels


@dataclass(frozen=True, slots=True)
class ChannelSums:
    """Sums over the pixels of one image, per channel."""

    values: tuple[int, ...]
    squares: tuple[int, ...]
    num_pixels: int


class PixelStatistics:
    """Gather sums in whole numbers, so that the order of images cannot change the result."""

    def __init__(self, channels: int) -> None:
        self._values = [0] * channels
        self._squares = [0] * channels
        self._num_pixels = 0

    def add(self, sums: ChannelSums) -> None:
        """Add an image."""
        for channel, (value, square) in enumerate(zip(sums.values, sums.squares, strict=True)):
            self._values[channel] += value
            self._squares[channel] += square
        self._num_pixels += sums.num_pixels

    def mean(self) -> tuple[float, ...]:
        """Return the mean per channel, in 0 to 255."""
        return tuple(round(value / self._num_pixels, 4) for value in self._values)

    def std(self) -> tuple[float, ...]:
        """Return the standard deviation per channel, in 0 to 255."""
        return tuple(
            round(max(0.0, square / self._num_pixels - (value / self._num_pixels) ** 2) ** 0.5, 4)
            for value, square in zip(self._values, self._squares, strict=True)
        )


def channel_sums(image: Pixels) -> ChannelSums:
    """Sum the pixels of uint8 [height, width, channels] and their squares."""
    # Pillow counts levels ten times as fast as NumPy.
    histogram = Image.fromarray(
        np.squeeze(image, -1) if image.shape[-1] == 1 else image
    ).histogram()
    counts = np.array(histogram).reshape(image.shape[-1], 256)
    levels = np.arange(256)
    return ChannelSums(
        values=tuple((counts @ levels).tolist()),
        squares=tuple((counts @ levels**2).tolist()),
        num_pixels=image.shape[0] * image.shape[1],
    )
