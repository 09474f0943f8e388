"""Which camera took a photo, from its EXIF block."""

import sys
from typing import Any

from PIL import Image

from sightline.ground.wording import visible

MARK = b"Exif\0\0"
SEARCHED_BYTES = 4096
MOST_BYTES = 65_536
MAKE, MODEL = 0x010F, 0x0110
LONGEST = 60


def camera_of(data: bytes) -> str:
    """Return make and model that a photo names; empty where it names none."""
    start = data.find(MARK, 0, SEARCHED_BYTES)
    if start < 0:
        return ""
    exif = Image.Exif()
    try:
        exif.load(data[start : start + MOST_BYTES])
        named = [_text(exif.get(tag)) for tag in (MAKE, MODEL)]
    except Exception:  # damaged EXIF says nothing about the camera
        return ""
    # Thousands of photos share a name.
    return sys.intern(" ".join(name for name in named if name)[:LONGEST])


def _text(value: Any) -> str:
    return visible(value.strip(" \0")) if isinstance(value, str) else ""
