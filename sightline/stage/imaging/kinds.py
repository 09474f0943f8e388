"""Which image files TensorFlow decodes to the same pixels as Pillow, told from their headers.

Pillow is the truth (`arrays.py`); TensorFlow (`graph.py`) differs on some kinds of file, and
animated WebP corrupts its memory. `verdict` says which is which without decoding anything.

Headers are read, pixels are not: of damaged files one decoder may take what the other refuses.
"""

from sightline.stage.imaging import exif

REASONS = (
    "",
    "it is no JPEG, PNG, GIF, BMP or WebP file",
    "its header is damaged or has an unusual form",
    "it is a JPEG file in a rare coding: not 8 bits, or neither baseline nor progressive",
    "it is a CMYK JPEG file without an Adobe marker",
    "it says how it is to be turned where TensorFlow does not look (EXIF or XMP)",
    "it is a PNG file with fewer than 8 bits a sample",
    "it is a 16-bit PNG file with a transparent colour",
    "its first frame does not fill the canvas",
    "it is a BMP file with other than 24 or 32 bits a pixel or 256 levels of grey",
    "it is an animated WebP file",
)
(
    SAME,
    UNKNOWN,
    ODD,
    JPEG_CODING,
    CMYK,
    CARRIER,
    SHALLOW,
    TRANSPARENT,
    FRAME,
    BMP_DEPTH,
    ANIMATED_WEBP,
) = range(len(REASONS))

MAX_STEPS = 10_000
LARGEST = 2**27
"""Larger files are refused, and larger numbers in headers read as this: sums stay in 32 bits."""
EXIF_MARK = b"Exif\0\0"
GRAPH_SEES = 65_536
ADOBE_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
PNG_XMP = b"XML:com.adobe.xmp\x00"
PNG_EXIF_TEXT = b"Raw profile type exif"
XMP_ORIENTATION = b"tiff:Orientation"
GREY_LEVELS = b"".join(bytes((level, level, level, 0)) for level in range(256))


class File:
    """The bytes of a file; beyond the end lie zeros."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def number(self, at: int, num_bytes: int, little: bool = False) -> int:
        """Return an unsigned number, at most `LARGEST`."""
        digits = self._data[at : at + num_bytes].ljust(num_bytes, b"\0")
        return min(int.from_bytes(digits, "little" if little else "big"), LARGEST)

    def starts(self, at: int, mark: bytes) -> bool:
        """Tell whether `mark` lies at `at`."""
        return self._data.startswith(mark, at)

    def holds(self, mark: bytes, start: int, stop: int) -> bool:
        """Tell whether `mark` lies between `start` and `stop`."""
        return self._data.find(mark, start, stop) >= 0


def refusal(data: bytes) -> str:
    """Say why the graph form refuses an image file; empty where it gives the same pixels."""
    return REASONS[max(-verdict(File(data)), 0)]


def verdict(file: File) -> int:
    """Return how the graph form turns a file, EXIF 1 to 8, or minus the place of its `REASONS`."""
    # What a format's header says: a reason, where its EXIF block lies, and XMP's word on turning.
    reason, start, stop, in_xmp = UNKNOWN, 0, 0, False
    is_jpeg = file.starts(0, b"\xff\xd8\xff")
    if file.size > LARGEST:
        reason = ODD
    elif is_jpeg:
        reason, start, stop, in_xmp = _jpeg(file)
    elif file.starts(0, b"\x89PNG\r\n\x1a\n"):
        reason, start, stop, in_xmp = _png(file)
    elif file.starts(0, b"GIF87a") | file.starts(0, b"GIF89a"):
        reason = _gif(file)
    elif file.starts(0, b"BM"):
        reason = _bmp(file)
    elif file.starts(0, b"RIFF") & file.starts(8, b"WEBP"):
        reason, start, stop, in_xmp = _webp(file)

    found, turn = -reason, exif.ABSENT
    if reason == SAME:
        if start > 0:
            turn = exif.orientation(file, start, stop)
        found = turn
        if turn == exif.ABSENT:
            found = 1
        unseen = (turn == exif.ABSENT) & in_xmp
        if (turn == exif.UNREADABLE) | unseen | ((turn > 1) & (not is_jpeg)):
            found = -CARRIER
    return found


def _jpeg(file: File) -> tuple[int, int, int, bool]:  # noqa: PLR0912 - one branch a segment
    reason, steps, at, components = SAME, 0, 2, 0
    exif_start, exif_stop, in_xmp = 0, 0, False
    is_adobe, at_pixels = False, False
    while (at < file.size) & (reason == SAME) & (not at_pixels):
        marker, length = file.number(at + 1, 1), file.number(at + 2, 2)
        stop = at + 2 + length
        step = 2 + length
        if (file.number(at, 1) != 0xFF) | (marker == 0xFF):
            step = 1  # libjpeg and Pillow skip what lies between segments
        elif marker == 0xDA:
            at_pixels = True
        elif (marker <= 1) | ((marker >= 0xD0) & (marker <= 0xD8)):
            step = 2
        elif (marker == 0xC0) | (marker == 0xC1) | (marker == 0xC2):
            if (components != 0) | (file.number(at + 4, 1) != 8):
                reason = JPEG_CODING
            components = file.number(at + 9, 1)
        elif (marker >= 0xC3) & (marker <= 0xCF) & (marker != 0xC4):
            reason = JPEG_CODING
        elif (marker == 0xE1) & file.starts(at + 4, b"Exif\0\0"):
            if exif_start > 0:
                reason = CARRIER
            exif_start, exif_stop = at + 10, stop
        elif (marker == 0xE1) & file.starts(at + 4, ADOBE_XMP):
            in_xmp = in_xmp | file.holds(XMP_ORIENTATION, at, stop)
        elif (marker == 0xEE) & file.starts(at + 4, b"Adobe"):
            is_adobe = is_adobe | (length >= 14)
        at += step
        steps += 1
        if steps > MAX_STEPS:
            reason = ODD
    if reason == SAME:
        if not at_pixels:
            reason = ODD
        elif (components != 1) & (components != 3) & (components != 4):
            reason = JPEG_CODING
        elif (components == 4) & (not is_adobe):
            reason = CMYK
    # The graph takes the first mark in the first 64 KiB for the block, wherever it lies.
    before = GRAPH_SEES
    if exif_start > 0:
        before = exif_start - 1
    if (reason == SAME) & (file.holds(EXIF_MARK, 0, before) | (exif_stop > GRAPH_SEES)):
        reason = CARRIER
    return reason, exif_start, exif_stop, in_xmp


def _png(file: File) -> tuple[int, int, int, bool]:  # noqa: PLR0912 - one branch a chunk
    width, height, depth = file.number(16, 4), file.number(20, 4), file.number(24, 1)
    reason, steps, at = SAME, 0, 8
    exif_start, exif_stop, in_xmp = 0, 0, False
    seen_pixels, ended = False, False
    if not file.starts(12, b"IHDR"):
        reason = ODD
    elif depth < 8:
        reason = SHALLOW
    while (at < file.size) & (reason == SAME) & (not ended):
        length = file.number(at, 4)
        if file.starts(at + 4, b"IDAT"):
            seen_pixels = True
        elif file.starts(at + 4, b"IEND"):
            ended = True
        elif file.starts(at + 4, b"tRNS"):
            if depth == 16:
                reason = TRANSPARENT
        elif file.starts(at + 4, b"fcTL"):
            fills = (file.number(at + 12, 4) == width) & (file.number(at + 16, 4) == height)
            if (not seen_pixels) & (not fills):
                reason = FRAME
        elif file.starts(at + 4, b"eXIf"):
            exif_start, exif_stop = at + 8, at + 8 + length
        elif file.starts(at + 4, b"iTXt") & file.starts(at + 8, PNG_XMP):
            is_packed = file.number(at + 8 + len(PNG_XMP), 1) != 0
            in_xmp = in_xmp | is_packed | file.holds(XMP_ORIENTATION, at, at + 8 + length)
        elif file.starts(at + 8, PNG_EXIF_TEXT):
            reason = CARRIER
        at += 12 + length
        steps += 1
        if steps > MAX_STEPS:
            reason = ODD
    return reason, exif_start, exif_stop, in_xmp


def _gif(file: File) -> int:
    reason, steps, flags, seen_frame = SAME, 0, file.number(10, 1), False
    at = 13
    if flags >= 128:
        at += 3 * 2 ** (flags % 8 + 1)
    while (at < file.size) & (reason == SAME) & (not seen_frame):
        if file.starts(at, b"\x2c"):
            seen_frame = True
        elif file.starts(at, b"\x21"):
            at += 2
            while (file.number(at, 1) != 0) & (steps <= MAX_STEPS):
                at += 1 + file.number(at, 1)
                steps += 1
            at += 1
        else:
            reason = ODD
        steps += 1
        if steps > MAX_STEPS:
            reason = ODD
    fills = (
        (file.number(at + 1, 4) == 0)
        & (file.number(at + 5, 2) == file.number(6, 2))
        & (file.number(at + 7, 2) == file.number(8, 2))
    )
    if reason == SAME:
        if not seen_frame:
            reason = ODD
        elif not fills:
            reason = FRAME
        elif (flags < 128) & (file.number(at + 9, 1) < 128):
            reason = ODD
    return reason


def _bmp(file: File) -> int:
    header, bits = file.number(14, 4, True), file.number(28, 2, True)
    packing = file.number(30, 4, True)
    reason = BMP_DEPTH
    if (header < 40) | (file.number(10, 4, True) < 14 + header) | (file.number(21, 1) >= 128):
        reason = ODD
    elif packing == 0:
        is_grey = (bits == 8) & file.starts(14 + header, GREY_LEVELS)
        if (bits == 24) | (bits == 32) | is_grey:
            reason = SAME
    elif packing == 3:
        # Bit fields, where they are blue, green, red and nothing, as TensorFlow takes them to be.
        plain = file.starts(54, b"\0\0\xff\0\0\xff\0\0\xff\0\0\0")
        opaque = (header < 56) | (file.number(66, 4) == 0)
        if (bits == 32) & plain & opaque:
            reason = SAME
    return reason


def _webp(file: File) -> tuple[int, int, int, bool]:
    reason, steps, at = SAME, 0, 12
    exif_start, exif_stop, in_xmp = 0, 0, False
    if file.starts(12, b"VP8X"):
        if file.number(20, 1) % 4 >= 2:
            reason = ANIMATED_WEBP
    elif not (file.starts(12, b"VP8 ") | file.starts(12, b"VP8L")):
        reason = ODD
    while (at < file.size) & (reason == SAME):
        length = file.number(at + 4, 4, True)
        if file.starts(at, b"ANIM") | file.starts(at, b"ANMF"):
            reason = ANIMATED_WEBP
        elif file.starts(at, b"EXIF"):
            exif_start, exif_stop = at + 8, at + 8 + length
            if file.starts(exif_start, b"Exif\0\0"):
                exif_start += 6
        elif file.starts(at, b"XMP "):
            in_xmp = file.holds(XMP_ORIENTATION, at, at + 8 + length)
        at += 8 + length + length % 2
        steps += 1
        if steps > MAX_STEPS:
            reason = ODD
    return reason, exif_start, exif_stop, in_xmp
