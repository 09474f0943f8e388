"""What a file is, told from how it begins."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""The formats that are read, by Pillow's names."""
# Names for what people most often put among images by mistake, by how the file begins.
OTHER_FORMATS = (
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML or SVG file"),
    (b"<svg", "an SVG drawing"),
    (b"PK\x03\x04", "a zip archive"),
    (b"8BPS", "a Photoshop file"),
    (b"\x1f\x8b", "a gzip archive"),
)
ISO_BRANDS = {b"heic": "a HEIC photo", b"heix": "a HEIC photo", b"avif": "an AVIF image"}


def other_kind(data: bytes) -> str:
    """Name what a file is that is none of the images that are read, or nothing."""
    start = data[:64].lstrip()
    for mark, name in OTHER_FORMATS:
        if start.lower().startswith(mark.lower()):
            return name
    if data[4:8] == b"ftyp":
        return ISO_BRANDS.get(data[8:12], "a video or another ISO media file")
    return ""
