"""PNG: its depth, its transparent colour, its first frame, and its EXIF."""

from collections.abc import Iterator

from sightline.stage.imaging.kinds.turning import judge_turn
from sightline.stage.imaging.kinds.verdict import MAX_STEPS, File, Reason, Verdict

HEADER, PIXELS, END = b"IHDR", b"IDAT", b"IEND"
TRANSPARENT_COLOUR, USED_BITS, FRAME, EXIF = b"tRNS", b"sBIT", b"fcTL", b"eXIf"
COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}


def judge_png(file: File, *, has_range: bool) -> Verdict:
    """Judge a PNG file. Texts say nothing here: `arrays.decode` leaves them out."""
    depth, colour = file.number(24, 1), file.number(25, 1)
    kind = f"PNG, {COLOURS.get(colour, 'damaged')}, {depth} bits"
    if not file.starts(12, HEADER):
        return Verdict("PNG, damaged", Reason.ODD)
    chunks = list(_chunks(file))
    named = [(file.number(at + 4, 4).to_bytes(4, "big"), at) for at in chunks]
    names = {name for name, _ in named}
    first_pixels = next((at for name, at in named if name == PIXELS), file.size)
    frames = [at for name, at in named if name == FRAME and at < first_pixels]
    judged = [
        (depth < 8, Reason.SHALLOW),
        (len(chunks) == MAX_STEPS, Reason.ODD),
        (depth == 16 and TRANSPARENT_COLOUR in names, Reason.TRANSPARENT),
        (depth == 16 and USED_BITS in names, Reason.SIGNIFICANT),
        (depth == 16 and has_range, Reason.RANGE),
        (not all(_fills(file, at) for at in frames), Reason.FRAME),
    ]
    for holds, reason in judged:
        if holds:
            return Verdict(kind, reason)
    blocks = [(at + 8, at + 8 + file.number(at, 4)) for name, at in named if name == EXIF]
    # A block with a wrong checksum turns nothing in Pillow, so the graph form turns no PNG.
    return judge_turn(file, kind, blocks, in_xmp=False, can_turn=False)


def _chunks(file: File) -> Iterator[int]:
    """Yield where chunks begin, up to the end."""
    at = 8
    for _ in range(MAX_STEPS):
        if at >= file.size:
            return
        yield at
        if file.starts(at + 4, END):
            return
        at += 12 + file.number(at, 4)


def _fills(file: File, frame: int) -> bool:
    return file.number(frame + 12, 8) == file.number(16, 8)
