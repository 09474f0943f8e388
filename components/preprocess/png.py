"""Write pixels as PNG, fast."""

import struct
import zlib

import numpy as np

from sightline.ground.source.png_chunks import MARK
from sightline.stage.imaging.arrays import Pixels

COLOUR_TYPES = {1: 0, 3: 2}
FILTER_NONE, FILTER_UP = 0, 2


def encode_png(image: Pixels, *, compress: bool) -> bytes:
    """Encode uint8 [height, width, 1 or 3] as PNG, without loss.

    Pillow tries five filters on each row: 11 ms for a photograph at 224 pixels. One filter and
    run lengths take 4 ms and give no larger a file; without compression it is 0.7 ms, the file
    is 1.6 times as large, and TensorFlow reads it in a third of the time.
    """
    height, width, channels = image.shape
    flat = image.reshape(height, width * channels)
    rows = np.empty((height, 1 + width * channels), dtype=np.uint8)
    rows[:, 0] = FILTER_UP if compress else FILTER_NONE
    rows[:, 1:] = flat
    if compress:
        rows[1:, 1:] -= flat[:-1]
    compressor = zlib.compressobj(level=1 if compress else 0, strategy=zlib.Z_RLE)
    pixels = compressor.compress(rows.tobytes()) + compressor.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    return MARK + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
