"""How many bytes an image file says that it has, where its format tells."""

import struct

from sightline.ground.source.png_chunks import MARK as PNG_MARK
from sightline.ground.source.png_chunks import read_chunks


def expected_size(data: bytes) -> int | None:
    """Return the size in bytes that the header or the last chunk promises, or None.

    BMP and WebP state the size of the whole file, PNG that of each chunk; JPEG and GIF do not.
    """
    if data.startswith(b"BM") and len(data) >= 6:
        return int(struct.unpack_from("<I", data, 2)[0])
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return int(struct.unpack_from("<I", data, 4)[0]) + 8
    if data.startswith(PNG_MARK):
        return max((chunk.end for chunk in read_chunks(data)), default=len(PNG_MARK))
    return None
