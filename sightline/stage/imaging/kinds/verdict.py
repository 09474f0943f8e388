"""What is said of an image file, and why TensorFlow may not see it."""

from dataclasses import dataclass
from enum import StrEnum

MAX_STEPS = 10_000
"""Segments, chunks or blocks of a file that are looked at; a file with more is refused."""


class Reason(StrEnum):
    """Why the graph form refuses a file."""

    SAME = ""
    UNKNOWN = "it is no JPEG, PNG, GIF, BMP or WebP file"
    ODD = "its header is damaged or has an unusual form"
    JPEG_CODING = (
        "it is a JPEG file in a rare coding: not 8 bits, or neither baseline nor progressive"
    )
    CMYK = "it is a CMYK JPEG file without an Adobe marker"
    CARRIER = "it says how it is to be turned where TensorFlow does not look (EXIF or XMP)"
    SHALLOW = "it is a PNG file with fewer than 8 bits a sample"
    TRANSPARENT = "it is a 16-bit PNG file with a transparent colour"
    SIGNIFICANT = "it is a 16-bit PNG file that says how many of its bits are used"
    FRAME = "its first frame does not fill the canvas"
    BMP_DEPTH = "it is a BMP file with other than 24 or 32 bits a pixel or 256 levels of grey"
    BMP_SIZE = "it is a BMP file with more or fewer bytes than its picture takes"
    ANIMATED_WEBP = "it is an animated WebP file"
    RANGE = "it is a 16-bit PNG file, whose range of values was set (ingest.value_range)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the header of a file tells."""

    kind: str
    """The kind in words, such as `PNG, grey, 16 bits`."""
    reason: Reason = Reason.SAME
    """Why the graph form refuses it; `SAME` where it gives the same pixels."""
    turn: int = 1
    """How the graph form turns it, EXIF 1 to 8."""


class File:
    """The bytes of a file; beyond the end lie zeros."""

    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)

    def number(self, at: int, num_bytes: int, *, little: bool = False) -> int:
        """Return an unsigned number."""
        digits = self.data[at : at + num_bytes]
        if len(digits) < num_bytes:
            digits = digits.ljust(num_bytes, b"\0")
        return int.from_bytes(digits, "little" if little else "big")

    def starts(self, at: int, mark: bytes) -> bool:
        """Tell whether `mark` lies at `at`."""
        return self.data.startswith(mark, at)

    def holds(self, marks: tuple[bytes, ...], stop: int) -> bool:
        """Tell whether the marks lie one after the other before `stop`."""
        at = 0
        for mark in marks:
            at = self.data.find(mark, at, stop)
            if at < 0:
                return False
            at += len(mark)
        return True
