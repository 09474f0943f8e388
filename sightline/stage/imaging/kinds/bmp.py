"""BMP: its depth and how its colours are packed."""

from sightline.stage.imaging.kinds.verdict import File, Reason, Verdict

SMALLEST_HEADER, MASKED_HEADER = 40, 56
UNPACKED, BIT_FIELDS = 0, 3
GREY_LEVELS = b"".join(bytes((level, level, level, 0)) for level in range(256))
BLUE_GREEN_RED = b"\0\0\xff\0\0\xff\0\0\xff\0\0\0"
"""Masks of red, green and blue where bytes lie as TensorFlow takes them to lie."""


def judge_bmp(file: File) -> Verdict:
    """Judge a BMP file."""
    header, bits = file.number(14, 4, little=True), file.number(28, 2, little=True)
    packing = file.number(30, 4, little=True)
    kind = f"BMP, {bits} bits" + (", packed" if packing else "")
    has_fields = file.number(10, 4, little=True) >= 14 + header
    is_wide = file.number(21, 1) < 128
    if header < SMALLEST_HEADER or not has_fields or not is_wide:
        return Verdict("BMP, damaged", Reason.ODD)
    if packing == UNPACKED:
        is_grey = bits == 8 and file.starts(14 + header, GREY_LEVELS)
        is_same = bits in (24, 32) or is_grey
    else:
        is_opaque = header < MASKED_HEADER or file.number(66, 4) == 0
        is_plain = packing == BIT_FIELDS and file.starts(54, BLUE_GREEN_RED)
        is_same = bits == 32 and is_plain and is_opaque
    return Verdict(kind, Reason.SAME if is_same else Reason.BMP_DEPTH)
