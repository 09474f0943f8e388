"""WebP: still or animated, and its EXIF and XMP."""

from collections.abc import Iterator

from sightline.stage.imaging.kinds.turning import EXIF_MARK, judge_turn
from sightline.stage.imaging.kinds.verdict import MAX_STEPS, File, Reason, Verdict

EXTENDED, LOSSY, LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
ANIMATION, FRAME, EXIF, XMP = b"ANIM", b"ANMF", b"EXIF", b"XMP "
IS_ANIMATED = 2


def judge_webp(file: File) -> Verdict:
    """Judge a WebP file."""
    first = next((mark for mark in (EXTENDED, LOSSY, LOSSLESS) if file.starts(12, mark)), None)
    if first is None:
        return Verdict("WebP, damaged", Reason.ODD)
    chunks = list(_chunks(file))
    moves = any(file.starts(at, ANIMATION) or file.starts(at, FRAME) for at in chunks)
    if moves or (first == EXTENDED and file.number(20, 1) & IS_ANIMATED):
        return Verdict("WebP, animated", Reason.ANIMATED_WEBP)
    if len(chunks) == MAX_STEPS:
        return Verdict("WebP, damaged", Reason.ODD)
    kind = {EXTENDED: "WebP, extended", LOSSY: "WebP, lossy", LOSSLESS: "WebP, lossless"}[first]
    blocks = [_block(file, at) for at in chunks if file.starts(at, EXIF)]
    has_xmp = any(file.starts(at, XMP) for at in chunks)
    return judge_turn(file, kind, blocks, in_xmp=has_xmp, can_turn=False)


def _chunks(file: File) -> Iterator[int]:
    """Yield where chunks begin."""
    at = 12
    for _ in range(MAX_STEPS):
        if at >= file.size:
            return
        yield at
        length = file.number(at + 4, 4, little=True)
        at += 8 + length + length % 2


def _block(file: File, at: int) -> tuple[int, int]:
    start, stop = at + 8, at + 8 + file.number(at + 4, 4, little=True)
    return start + len(EXIF_MARK) * file.starts(start, EXIF_MARK), stop
