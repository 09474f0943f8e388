"""Small grey pictures of all images, on disk: what near-duplicates are looked for in."""

import os
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from sightline.stage.closing import Closing

Greys = np.ndarray[Any, np.dtype[np.uint8]]

THUMBNAIL_PX = 64
THUMBNAIL_BYTES = THUMBNAIL_PX**2
SMALLEST_PX = 32
"""An image with a shorter side has none: icons and digits of one class look alike."""


def thumbnail_of(image: Image.Image) -> bytes:
    """Squash an image to 64 x 64 grey pixels; nothing of one that is too small."""
    if min(image.size) < SMALLEST_PX:
        return b""
    grey = image.convert("L")
    size = THUMBNAIL_PX, THUMBNAIL_PX
    return grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0).tobytes()


class Thumbnails(Closing):
    """A temporary file with one thumbnail after the other.

    In memory, 100,000 of them would take 400 MB.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        self._places: dict[int, int] = {}

    def close(self) -> None:
        self._file.close()

    def __contains__(self, row: int) -> bool:
        return row in self._places

    def add(self, row: int, thumbnail: bytes) -> None:
        """Keep the thumbnail of a row."""
        self._places[row] = len(self._places)
        self._file.write(thumbnail)

    def of(self, rows: Sequence[int]) -> Greys:
        """Return uint8 [rows, 64, 64]."""
        self._file.flush()
        found = b"".join(
            os.pread(self._file.fileno(), THUMBNAIL_BYTES, self._places[row] * THUMBNAIL_BYTES)
            for row in rows
        )
        return np.frombuffer(found, np.uint8).reshape(-1, THUMBNAIL_PX, THUMBNAIL_PX)
