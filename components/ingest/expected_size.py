"""How many bytes an image file says that it has, where its format tells."""

import struct

from sightline.ground.source.png_chunks import MARK as PNG_MARK


def expected_size(data: bytes) -> int | None:
    """Return the size in bytes that the header or the last chunk promises, or None.

    BMP and WebP state the size of the whole file, PNG that of each chunk; JPEG and GIF do not.
    """
    if data.startswith(b"BM") and len(data) >= 6:
        return int(struct.unpack_from("<I", data, 2)[0])
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return int(struct.unpack_from("<I", data, 4)[0]) + 8
    if data.startswith(PNG_MARK):
        return _end_of_last_png_chunk(data)
    return None


def _end_of_last_png_chunk(data: bytes) -> int:
    """Follow the chunks to the end of the last one that begins inside the data."""
    position = len(PNG_MARK)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        position += int(length) + 12
        if kind == b"IEND":
            break
    return position
