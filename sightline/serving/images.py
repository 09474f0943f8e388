"""Look at image files before the model does: format, size, and that there is an image at all."""

import io
from collections.abc import Sequence

from PIL import Image

from sightline.ground.source.png_chunks import without_extras
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.imaging.allocation import MAX_PIXELS, allocation_of, refusal_of_size

MAX_PIXELS_TOGETHER = 200_000_000


MOST_SCANS = 100
MOST_SCANNED = 1_000_000_000
"""Pixels times scans of a JPEG: a progressive photo has about ten scans."""
START_OF_SCAN = b"\xff\xda"


class ImageRefusal(Exception):
    """An image that is not shown to the model, and why; `index` is its place in the request."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index, self.reason = index, reason


def check_images(images: Sequence[bytes]) -> None:
    """Refuse files that are no image, have another format, or would fill the memory.

    Only headers are read: a file that is damaged further on is found by the model.

    Raises:
        ImageRefusal: for the first file that is refused.
    """
    pixels = 0
    for index, data in enumerate(images):
        pixels += num_pixels(index, data)
        if pixels > MAX_PIXELS_TOGETHER:
            raise ImageRefusal(
                index,
                f"expected at most {MAX_PIXELS_TOGETHER:,} pixels in one request, received more "
                "up to here. Send fewer or smaller images at a time",
            )


def num_pixels(index: int, data: bytes) -> int:
    """Return for how many pixels an image file would allocate memory.

    Raises:
        ImageRefusal: it is no image, has another format or too many pixels.
    """
    wanted = "a JPEG, PNG, GIF, BMP or WebP file"
    if not data:
        raise ImageRefusal(index, f"expected {wanted}, received 0 bytes")
    try:
        with Image.open(io.BytesIO(without_extras(data))) as image:
            file_format, asked = str(image.format), allocation_of(image)
            problem = refusal_of_size(image, MAX_PIXELS)
    except Exception as error:  # Pillow's parsers raise what they like for hostile bytes
        raise ImageRefusal(
            index, f"expected {wanted}, received {len(data):,} bytes that are no image"
        ) from error
    if file_format not in SERVED_FORMATS:
        raise ImageRefusal(index, f"expected {wanted}, received {file_format}. Convert it first")
    problem = problem or refusal_of_scans(data, file_format, asked.num_pixels)
    if problem:
        raise ImageRefusal(index, problem)
    return asked.num_pixels


def refusal_of_scans(data: bytes, file_format: str, pixels: int) -> str:
    """Say what was expected where a small JPEG would take minutes to decode, or nothing."""
    if file_format not in ("JPEG", "MPO"):
        return ""
    scans = data.count(START_OF_SCAN)
    most = min(MOST_SCANS, max(1, MOST_SCANNED // pixels))
    if scans <= most:
        return ""
    return (
        f"expected a JPEG that is scanned at most {most} times at its size, received one with "
        f"{scans:,} scans. Save it again"
    )
