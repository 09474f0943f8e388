"""What a file is, told from how it begins."""

import re

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""The formats that are read, by Pillow's names."""
MOST_MEGAPIXELS = 50.0
"""The largest image that is taken where no setting says otherwise."""
CONVERT = "Convert the file to JPEG or PNG, or remove it from the source."
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
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"FUJIFILMCCD-RAW", "a camera's raw photo"),
    (b"IIRO", "a camera's raw photo"),
    (b"IIRS", "a camera's raw photo"),
    (b"IIU\x00", "a camera's raw photo"),
    (b"II\x1a\x00\x00\x00HEAPCCDR", "a camera's raw photo"),
    (b"FOVb", "a camera's raw photo"),
    (b"\x00MRM", "a camera's raw photo"),
)
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"), "a HEIC photo"),
    **dict.fromkeys((b"avif", b"avis"), "an AVIF image"),
    b"crx ": "a camera's raw photo",
}
LONGEST_START = 256
"""Bytes from which the kind of a file is told."""
GENERAL_BRANDS = (b"mif1", b"msf1", b"miaf")
"""Brands of HEIF files, which say among their further brands what codes the picture."""
BLANK_BEFORE_IMAGE = re.compile(rb"\s+(\xff\xd8\xff|\x89PNG|GIF8|RIFF)")
TIFF_MARKS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


def other_kind(data: bytes) -> str:
    """Name what a file is that is none of the images that are read, or nothing."""
    start = data[:64]
    for mark, name in OTHER_FORMATS:
        if start.startswith(mark) or start.lstrip().lower().startswith(mark.lower()):
            return name
    if data[4:8] == b"ftyp":
        return _iso_kind(data)
    if BLANK_BEFORE_IMAGE.match(start):
        return "an image after blank bytes"
    if data[:4] in TIFF_MARKS:
        return "a TIFF with layers, bands or a camera's raw photo that is not read"
    return ""


def remedy_for(kind: str) -> str:
    """Return what to do about a file of another kind."""
    if "LFS" in kind:
        return "Fetch the files themselves: git lfs pull."
    if "blank bytes" in kind:
        return "Remove the blank bytes before the image: another program wrote them there."
    return CONVERT


def _iso_kind(data: bytes) -> str:
    size = min(int.from_bytes(data[:4], "big"), LONGEST_START, len(data))
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] not in {*BRANDS, *GENERAL_BRANDS}:
        return "a video or another ISO media file"
    return next((BRANDS[brand] for brand in brands if brand in BRANDS), "a HEIC photo")
