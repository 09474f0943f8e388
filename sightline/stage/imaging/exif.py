"""How an image is to be turned: as Pillow reads it, and from the bytes of an EXIF block."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from sightline.stage.imaging.kinds.verdict import File

ORIENTATION_TAG = 0x0112
MAX_ENTRIES = 64
ABSENT = 0
UNREADABLE = -1
SHORT = 3
WIDTHS = {SHORT: 2, 8: 2, 4: 4, 9: 4, 11: 4, 13: 4, 5: 8, 10: 8, 12: 8, 16: 8}
"""Bytes of one value, by its TIFF type; 1 for the others."""


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
    directory = start + file.number(start + 4, 4, little=little)
    num_entries = file.number(directory, 2, little=little)
    last = directory + 2 + 12 * num_entries
    is_block = little or file.starts(start, b"MM\0*")
    if not is_block or num_entries > MAX_ENTRIES or not last <= stop <= file.size:
        return UNREADABLE

    found = ABSENT
    for entry in range(directory + 2, last, 12):
        tag, kind = (file.number(entry + at, 2, little=little) for at in (0, 2))
        count, value = (file.number(entry + at, 4, little=little) for at in (4, 8))
        num_bytes = count * WIDTHS.get(kind, 1)
        if tag == ORIENTATION_TAG:
            if found != ABSENT or kind != SHORT or count != 1:
                return UNREADABLE
            turn = file.number(entry + 8, 2, little=little)
            found = turn if 1 <= turn <= 8 else 1
        elif found == ABSENT and num_bytes > 4 and start + value + num_bytes > stop:
            # Pillow stops at a value that lies outside, and does not see the tags behind it.
            return UNREADABLE
    return found
