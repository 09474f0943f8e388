"""Pictures of a few images for the report."""

import io

from PIL import Image

from sightline.ground.source.png_chunks import without_extras
from sightline.stage.imaging.arrays import to_pixels
from sightline.stage.imaging.depth import white_of
from sightline.stage.report.images import THUMBNAIL_PX, thumbnail_bytes


def thumbnail(data: bytes) -> bytes:
    """Show an image that was inspected, which takes less than to decode all of it."""
    with Image.open(io.BytesIO(without_extras(data))) as image:
        image.draft(None, (THUMBNAIL_PX, THUMBNAIL_PX))
        return thumbnail_bytes(to_pixels(image, white=white_of(image, data)))
