"""PNG: its depth, its transparent colour, its first frame, and its EXIF."""

from itertools import islice

from sightline.ground.source.png_chunks import read_chunks
from sightline.stage.imaging.kinds.turning import judge_turn
from sightline.stage.imaging.kinds.verdict import MAX_STEPS, File, Reason, Verdict

HEADER, PIXELS = b"IHDR", b"IDAT"
TRANSPARENT_COLOUR, USED_BITS, FRAME, EXIF = b"tRNS", b"sBIT", b"fcTL", b"eXIf"
COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}


def judge_png(file: File, *, has_range: bool) -> Verdict:
    """Judge a PNG file. Texts say nothing here: `arrays.decode` leaves them out."""
    depth, colour = file.number(24, 1), file.number(25, 1)
    kind = f"PNG, {COLOURS.get(colour, 'damaged')}, {depth} bits"
    if not file.starts(12, HEADER):
        return Verdict("PNG, damaged", Reason.ODD)
    chunks = list(islice(read_chunks(file.data), MAX_STEPS))
    names = {one.kind for one in chunks}
    first_pixels = next((one.start for one in chunks if one.kind == PIXELS), file.size)
    frames = [one for one in chunks if one.kind == FRAME and one.start < first_pixels]
    judged = [
        (depth < 8, Reason.SHALLOW),
        (len(chunks) == MAX_STEPS, Reason.ODD),
        (depth == 16 and TRANSPARENT_COLOUR in names, Reason.TRANSPARENT),
        (depth == 16 and USED_BITS in names, Reason.SIGNIFICANT),
        (depth == 16 and has_range, Reason.RANGE),
        (not all(_fills(file, one.start) for one in frames), Reason.FRAME),
    ]
    for holds, reason in judged:
        if holds:
            return Verdict(kind, reason)
    blocks = [(one.start + 8, one.end - 4) for one in chunks if one.kind == EXIF]
    # A block with a wrong checksum turns nothing in Pillow, so the graph form turns no PNG.
    return judge_turn(file, kind, blocks, in_xmp=False, can_turn=False)


def _fills(file: File, frame: int) -> bool:
    return file.number(frame + 12, 8) == file.number(16, 8)
