"""JPEG: how it is coded, what its colours are, and where it says how it is turned."""

from collections.abc import Iterator
from typing import NamedTuple

from sightline.stage.imaging.kinds.turning import EXIF_MARK, judge_turn
from sightline.stage.imaging.kinds.verdict import MAX_STEPS, File, Reason, Verdict

CODINGS = {0xC0: "baseline", 0xC1: "sequential", 0xC2: "progressive"}
FIRST_CODING, LAST_CODING, TABLES = 0xC0, 0xCF, 0xC4
COMPONENTS = {1: "grey", 3: "colour", 4: "CMYK"}
PIXELS, END = 0xDA, 0xD9
FIRST_RESTART, START = 0xD0, 0xD8
"""Markers between these two, and 0 and 1, stand alone."""
APP1, ADOBE = 0xE1, 0xEE
ADOBE_MARK, ADOBE_BYTES = b"Adobe", 12
XMP_ORIENTATION = (b"http://ns.adobe.com/xap/1.0/\0", b"tiff:Orientation")
"""The name of an XMP segment, and what says in it how the image is turned."""


class Segment(NamedTuple):
    """One segment: its marker, and where its content lies."""

    marker: int
    start: int
    stop: int


def judge_jpeg(file: File) -> Verdict:
    """Judge a JPEG file, such as a phone's with a second picture behind the first."""
    segments = list(_segments(file))
    if not segments or segments[-1].marker != PIXELS:
        return Verdict("JPEG, damaged", Reason.ODD)
    frames = [one for one in segments if _is_frame(one.marker)]
    components = file.number(frames[0].start + 5, 1) if frames else 0
    coding = CODINGS.get(frames[0].marker) if frames else None
    kind = f"JPEG, {COMPONENTS.get(components, 'rare')}, {coding or 'rare'}"
    is_deep = any(file.number(one.start, 1) != 8 for one in frames)
    if len(frames) != 1 or coding is None or is_deep or components not in COMPONENTS:
        return Verdict(kind, Reason.JPEG_CODING)
    if components == 4 and not any(_is_adobe(file, one) for one in segments):
        return Verdict(f"{kind}, without Adobe marker", Reason.CMYK)
    blocks = [one for one in segments if one.marker == APP1 and file.starts(one.start, EXIF_MARK)]
    places = [(one.start + len(EXIF_MARK), one.stop) for one in blocks]
    in_xmp = file.holds(XMP_ORIENTATION, segments[-1].start)
    return judge_turn(file, kind, places, in_xmp=in_xmp, can_turn=True)


def _segments(file: File) -> Iterator[Segment]:
    """Yield the segments up to the pixels."""
    at = 2
    for _ in range(MAX_STEPS):
        if at >= file.size:
            return
        head = file.number(at, 4)
        marker = head >> 16 & 0xFF
        if head >> 24 != 0xFF or marker == 0xFF:
            at += 1  # libjpeg and Pillow skip what lies between segments
        elif marker <= 1 or FIRST_RESTART <= marker <= START:
            at += 2
        else:
            stop = at + 2 + (head & 0xFFFF)
            yield Segment(marker, at + 4, stop)
            if marker in (PIXELS, END):
                return
            at = stop


def _is_frame(marker: int) -> bool:
    return FIRST_CODING <= marker <= LAST_CODING and marker != TABLES


def _is_adobe(file: File, segment: Segment) -> bool:
    is_long = segment.stop - segment.start >= ADOBE_BYTES
    return segment.marker == ADOBE and is_long and file.starts(segment.start, ADOBE_MARK)
