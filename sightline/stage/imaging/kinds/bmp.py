"""BMP: its depth and how its colours are packed."""

from typing import Any

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
    if not is_same:
        return Verdict(kind, Reason.BMP_DEPTH)
    return Verdict(
        kind, Reason.SAME if file.size == _expected_size(file, bits) else Reason.BMP_SIZE
    )


def _expected_size(file: File, bits: int) -> int:
    """Return the bytes up to the end of the last row; Pillow passes over what follows."""
    width, height = (file.number(at, 4, little=True) for at in (18, 22))
    # Rows that lie from the top to the bottom have a negative height.
    num_rows = min(height, 2**32 - height)
    return int(file.number(10, 4, little=True) + row_bytes(width, bits) * num_rows)


def row_bytes(width: Any, bits: Any) -> Any:
    """Return how many bytes a row takes, up to a multiple of 4; also for tensors."""
    return (width * (bits // 8) + 3) // 4 * 4
