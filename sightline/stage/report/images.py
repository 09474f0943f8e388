"""Thumbnails for reports: small, bounded, embedded."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from sightline.stage.imaging.arrays import Pixels, decode

THUMBNAIL_PX = 128
JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture in a report; `image` is uint8 [h, w, c] pixels or the bytes of an image file."""

    image: Pixels | bytes
    title: str
    text: str = ""
    tone: str = ""
    """`good`, `bad` or empty."""
    link: str = ""
    """Address that the picture opens."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Pictures that a link on the page opens."""

    anchor: str
    """What the link calls it: letters, digits and dashes."""
    title: str
    text: str
    pictures: Sequence[Thumbnail]


def thumbnail_bytes(image: Pixels | bytes, *, size_px: int = THUMBNAIL_PX) -> bytes:
    """Shrink an image to fit `size_px` and encode it as JPEG; a smaller one keeps its pixels.

    Raises:
        DataError: the bytes are no image.
    """
    picture = _small(decode(image) if isinstance(image, bytes) else image, size_px)
    buffer = io.BytesIO()
    if max(picture.size) < THUMBNAIL_PX // 2:
        picture.save(buffer, "PNG")
    else:
        picture.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


def shrunk(pixels: Pixels, *, size_px: int = THUMBNAIL_PX) -> Pixels:
    """Return an image that fits `size_px`, to be kept until a page is written."""
    return np.asarray(_small(pixels, size_px))


def _small(pixels: Pixels, size_px: int) -> Image.Image:
    # Grey has a third axis, too. A side of one pixel is no axis to leave out.
    grey = pixels.ndim == 3 and pixels.shape[2] == 1
    picture = Image.fromarray(pixels[..., 0] if grey else pixels)
    picture.thumbnail((size_px, size_px))
    return picture


def data_uri(data: bytes) -> str:
    """Embed JPEG or PNG bytes in a page."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
