"""Pictures of a few images for the report."""

import io

from PIL import Image

from sightline.ground.source.png_chunks import without_extras
from sightline.stage.imaging.allocation import allocation_of
from sightline.stage.imaging.arrays import SIDE_BY_SIDE, to_pixels
from sightline.stage.imaging.contract import Range
from sightline.stage.report.images import THUMBNAIL_PX, thumbnail_bytes


def thumbnail(data: bytes, value_range: Range | None = None) -> bytes:
    """Show an image that was inspected, which takes less than to decode all of it."""
    data = without_extras(data)
    with Image.open(io.BytesIO(data)) as image:
        image.draft(None, (THUMBNAIL_PX, THUMBNAIL_PX))
        with SIDE_BY_SIDE.part(allocation_of(image).num_pixels):
            return thumbnail_bytes(to_pixels(image, data, value_range=value_range))
