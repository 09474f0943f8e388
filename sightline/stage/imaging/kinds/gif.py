"""GIF: whether the first frame fills the canvas and has colours."""

from sightline.stage.imaging.kinds.verdict import MAX_STEPS, File, Reason, Verdict

FRAME, EXTENSION = 0x2C, 0x21
HEADER_BYTES = 13
HAS_PALETTE = 128


def judge_gif(file: File) -> Verdict:
    """Judge a GIF file by its first frame."""
    flags = file.number(10, 1)
    at = _first_frame(
        file, HEADER_BYTES + (3 * 2 ** (flags % 8 + 1) if flags >= HAS_PALETTE else 0)
    )
    if at is None:
        return Verdict("GIF, damaged", Reason.ODD)
    is_cornered = file.number(at + 1, 4) == 0
    if not is_cornered or file.number(at + 5, 4) != file.number(6, 4):
        return Verdict("GIF, with a smaller first frame", Reason.FRAME)
    if flags < HAS_PALETTE and file.number(at + 9, 1) < HAS_PALETTE:
        return Verdict("GIF, without colours", Reason.ODD)
    return Verdict("GIF")


def _first_frame(file: File, at: int) -> int | None:
    """Return where the first frame begins; extensions are lists of blocks with their length."""
    in_extension = False
    for _ in range(MAX_STEPS):
        length = file.number(at, 1)
        if at >= file.size:
            return None
        if in_extension:
            at += 1 + length
            in_extension = length > 0
        elif length == EXTENSION:
            at += 2
            in_extension = True
        else:
            return at if length == FRAME else None
    return None
