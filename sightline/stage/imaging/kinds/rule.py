"""Which image files TensorFlow decodes to the same pixels as Pillow, told from their headers.

Pillow is the truth (`arrays.py`); TensorFlow (`graph.py`) differs on some kinds of file, and
animated WebP corrupts its memory. `judge` says which is which without decoding anything;
`graph_rule.py` is its twin inside the SavedModel, and a test holds the two equal.

Headers are read, pixels are not: of damaged files one decoder may take what the other refuses.
"""

from sightline.ground.source.png_chunks import MARK as PNG_MARK
from sightline.stage.imaging.kinds.bmp import judge_bmp
from sightline.stage.imaging.kinds.gif import judge_gif
from sightline.stage.imaging.kinds.jpeg import judge_jpeg
from sightline.stage.imaging.kinds.png import judge_png
from sightline.stage.imaging.kinds.verdict import File, Reason, Verdict
from sightline.stage.imaging.kinds.webp import judge_webp

JPEG_MARK = b"\xff\xd8\xff"
GIF_MARKS = (b"GIF87a", b"GIF89a")
BMP_MARK = b"BM"
RIFF_MARK, WEBP_MARK = b"RIFF", b"WEBP"


def refusal(data: bytes, *, has_range: bool = False) -> str:
    """Say why the graph form refuses an image file; empty where it gives the same pixels."""
    return judge(data, has_range=has_range).reason.value


def judge(data: bytes, *, format: str = "another format", has_range: bool = False) -> Verdict:
    """Say of which kind an image file is and whether the graph form gives the same pixels.

    Args:
        data: the file.
        format: names the kind of files that TensorFlow does not read at all.
        has_range: whether the contract has a `value_range`, which the graph form does not apply.
    """
    file = File(data)
    if file.starts(0, JPEG_MARK):
        return judge_jpeg(file)
    if file.starts(0, PNG_MARK):
        return judge_png(file, has_range=has_range)
    if any(file.starts(0, mark) for mark in GIF_MARKS):
        return judge_gif(file)
    if file.starts(0, BMP_MARK):
        return judge_bmp(file)
    if file.starts(0, RIFF_MARK) and file.starts(8, WEBP_MARK):
        return judge_webp(file)
    return Verdict(format, Reason.UNKNOWN)
