"""How an image is to be turned: as Pillow reads it, and from the bytes of an EXIF block."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from sightline.stage.imaging.kinds import File

ORIENTATION_TAG = 0x0112
MAX_ENTRIES = 64
ABSENT = 0
UNREADABLE = -1
_SHORT = 3


def turn_of(image: "Image.Image") -> int:
    """Return how an opened image is still to be turned to stand upright, EXIF 1 to 8."""
    if image.format == "TIFF":
        return 1  # Pillow turns these by itself
    try:
        value: Any = image.getexif().get(ORIENTATION_TAG, 1)
    except Exception:  # damaged EXIF does not make an image unusable
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def orientation(file: "File", start: int, stop: int) -> int:
    """Return EXIF's orientation 1 to 8, `ABSENT`, or `UNREADABLE` where readers may differ.

    Args:
        file: the file that holds the block.
        start: where the block's TIFF header begins.
        stop: where the block ends.
    """
    little = file.starts(start, b"II*\0")
    directory = start + file.number(start + 4, 4, little)
    num_entries = file.number(directory, 2, little)
    last = directory + 2 + 12 * num_entries
    found, entry = ABSENT, directory + 2
    is_block = little | file.starts(start, b"MM\0*")
    if (not is_block) | (num_entries > MAX_ENTRIES) | (last > stop) | (stop > file.size):
        found = UNREADABLE
    while (entry < last) & (found != UNREADABLE):
        tag, kind = file.number(entry, 2, little), file.number(entry + 2, 2, little)
        count, value = file.number(entry + 4, 4, little), file.number(entry + 8, 2, little)
        num_bytes = count * _width(kind)
        is_outside = start + file.number(entry + 8, 4, little) + num_bytes > stop
        if tag == ORIENTATION_TAG:
            if (found != ABSENT) | (kind != _SHORT) | (count != 1):
                found = UNREADABLE
            elif (value >= 1) & (value <= 8):
                found = value
            else:
                found = 1
        elif (found == ABSENT) & (num_bytes > 4) & is_outside:
            # Pillow stops at a value that lies outside, and does not see the tags behind it.
            found = UNREADABLE
        entry += 12
    return found


def _width(kind: int) -> int:
    """Return the bytes of one value of a TIFF type."""
    width = 1
    if (kind == _SHORT) | (kind == 8):
        width = 2
    elif (kind == 4) | (kind == 9) | (kind == 11) | (kind == 13):
        width = 4
    elif (kind == 5) | (kind == 10) | (kind == 12) | (kind == 16):
        width = 8
    return width
