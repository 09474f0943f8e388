"""What decoding an image file would allocate, told from its header; whether it is too much."""

import math
from dataclasses import dataclass
from typing import Any

from PIL import Image

from sightline.ground.source.file_kinds import MOST_MEGAPIXELS

# Files are held against the limits of whoever opens them, which may be above Pillow's own.
Image.MAX_IMAGE_PIXELS = None

MAX_PIXELS = int(MOST_MEGAPIXELS * 1e6)
"""The most of an image that nobody vouches for: a request, or a file beyond what ingest noted."""
MOST_SIDE_BY_SIDE = 2 * MAX_PIXELS
"""Pixels that threads of one process decode and resize at once, of about 16 bytes each."""
BYTES_PER_PIXEL = 4
"""A pixel of most files: Pillow keeps colours in so many, and grey ones become colours."""
WIDE_SAMPLES = {"I": 4, "F": 4}
"""Bytes of a sample by Pillow's mode, where its file may have another number."""
# What decoders hold beside the file: their rows, the image, and another one while it changes mode.
MEMORY_PER_PIXEL = 32
LEAST_MEMORY = 256 << 20
# The slowest whole files that were measured, progressive JPEG and PNG, decode ten times as fast.
PIXELS_PER_SECOND = 2.5e6
TILE_WIDTH, TILE_HEIGHT, TILES = 322, 323, 324


@dataclass(frozen=True, slots=True)
class Allocation:
    """The pixels that are held at once, and their bytes."""

    width: int
    height: int
    bytes_per_pixel: int
    """Channels times bytes of a sample, of what Pillow makes of the file."""
    num_frames: int = 1
    """Frames that are decoded: of animations, the first."""

    @property
    def num_bytes(self) -> int:
        """Return frames x width x height x channels x bytes of a sample."""
        return self.num_frames * self.width * self.height * self.bytes_per_pixel

    @property
    def num_pixels(self) -> int:
        """Return for how many pixels of most files it would be enough."""
        return -(-self.num_bytes // BYTES_PER_PIXEL)

    def __str__(self) -> str:
        deep = f" with {self.bytes_per_pixel} bytes a pixel"
        counted = f"{self.num_pixels / 1e6:,.1f} megapixels"
        of_most = self.bytes_per_pixel == BYTES_PER_PIXEL
        return f"{self.width:,} x {self.height:,}{'' if of_most else deep} is {counted}"


def allocation_of(image: Image.Image) -> Allocation:
    """Return what decoding an opened image would allocate; nothing is decoded."""
    tags: Any = getattr(image, "tag_v2", {})
    # A tile of a TIFF file is decoded whole, though it may reach far beyond the picture.
    tile = [int(tags.get(tag, 0)) if TILES in tags else 0 for tag in (TILE_WIDTH, TILE_HEIGHT)]
    sample = WIDE_SAMPLES.get(image.mode, 2 if has_wide_tiles(image) else 1)
    return Allocation(
        width=max(image.width, tile[0]),
        height=max(image.height, tile[1]),
        bytes_per_pixel=max(BYTES_PER_PIXEL, sample * len(image.getbands())),
    )


def has_wide_tiles(image: Image.Image) -> bool:
    """Tell whether the file of an opened image holds samples of 16 bits, whatever Pillow keeps."""
    return any(";16" in str(part[3]) for part in getattr(image, "tile", []))


def most_pixels(width: int, height: int) -> int:
    """Return how many pixels an image may have that ingest accepted with this size.

    Samples deeper than most count for up to twice as many.
    """
    return max(MAX_PIXELS, 2 * width * height)


def refusal_of_size(image: Image.Image, max_pixels: float) -> str:
    """Say what was expected where decoding an opened image would allocate too much, or nothing."""
    excess = too_large(image, max_pixels)
    expected = f"expected an image of at most {max_pixels / 1e6:,g} megapixels"
    return excess and f"{expected}, received a larger one: {excess}. Scale the image down"


def too_large(image: Image.Image, max_pixels: float) -> str:
    """Say by how much decoding an opened image would allocate too much, or nothing."""
    asked = allocation_of(image)
    return f"{asked}, more than {max_pixels / 1e6:,g}" if asked.num_pixels > max_pixels else ""


def memory_to_decode(max_pixels: float) -> int:
    """Return the bytes that a process needs to decode any image of so many pixels."""
    return LEAST_MEMORY + int(max_pixels * MEMORY_PER_PIXEL)


def seconds_to_decode(max_pixels: float) -> int:
    """Return the processor time that decoding any whole image of so many pixels stays below."""
    return math.ceil(max_pixels / PIXELS_PER_SECOND)
