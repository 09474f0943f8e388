"""How a file says that it is to be turned, and whether the graph form hears it."""

from sightline.stage.imaging import exif
from sightline.stage.imaging.kinds.verdict import File, Reason, Verdict

EXIF_MARK = b"Exif\0\0"


def judge_turn(
    file: File, kind: str, blocks: list[tuple[int, int]], *, in_xmp: bool, can_turn: bool
) -> Verdict:
    """Judge a file whose pixels are the same by what its EXIF and XMP say.

    Args:
        file: the file.
        kind: its kind in words.
        blocks: where the TIFF headers of its EXIF blocks begin, and where the blocks end.
        in_xmp: whether XMP may say how it is turned, which Pillow asks where EXIF does not.
        can_turn: whether the graph form turns this format.
    """
    turn = exif.orientation(file, *blocks[0]) if blocks else exif.ABSENT
    is_unheard = turn == exif.UNREADABLE or (turn == exif.ABSENT and in_xmp)
    if len(blocks) > 1 or is_unheard or (turn > 1 and not can_turn):
        return Verdict(f"{kind}, turned in a rare way", Reason.CARRIER)
    return Verdict(f"{kind}, turned by EXIF" if turn > 1 else kind, turn=max(turn, 1))
