"""JPEG files that lost their second half but end properly, which decoders fill with grey."""

import io
import re

from PIL import Image

END = b"\xff\xd9"
FEWEST_ZEROS = 64
# In the data of a scan, these are no marks: a byte 255, the mark of a restart, bytes that fill.
MARK = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
SCAN, END_OF_IMAGE, SEQUENTIAL, PROGRESSIVE = 0xDA, 0xD9, (0xC0, 0xC1), 0xC2
NUM_COEFFICIENTS = 64
NOISE = bytes(range(1, 255))
EIGHTH = ("L", (1, 1))
"""How Pillow is asked for a grey eighth, which reads every byte in a third of the time."""


def last_row_is_flat(image: Image.Image) -> bool:
    """Tell whether the last row has one colour, as rows without data have."""
    last = image.height - 1
    # Two ends differ in nearly every photo, and are told in a tenth of the time of a row.
    if image.getpixel((0, last)) != image.getpixel((image.width - 1, last)):
        return False
    extrema = image.crop((0, last, image.width, image.height)).getextrema()
    bands = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in bands)


def lacks_scans(data: bytes) -> bool:
    """Tell whether a JPEG file ends before its scans have told all of its coefficients.

    Each scan says in its header of which components it codes which coefficients, and to which bit
    (ITU-T T.81, B.2.3); a whole file comes down to the last bit of all.
    """
    missing: dict[int, list[int]] = {}
    is_progressive = False
    at = 2
    while found := MARK.search(data, at):
        mark, start = data[found.start() + 1], found.end()
        if mark == END_OF_IMAGE:
            break
        length = int.from_bytes(data[start : start + 2], "big")
        content = data[start + 2 : start + length]
        if mark in (*SEQUENTIAL, PROGRESSIVE) and not missing:
            is_progressive = mark == PROGRESSIVE
            missing = {one: [1] * NUM_COEFFICIENTS for one in content[6::3]}
        elif mark == SCAN:
            _take_scan(content, missing, is_progressive=is_progressive)
        at = start + length
    return any(map(any, missing.values()))


def _take_scan(content: bytes, missing: dict[int, list[int]], *, is_progressive: bool) -> None:
    """Note how many bits of which coefficients are missing after a scan."""
    first, last, bits = content[-3:] if len(content) > 3 else (0, 0, 1)
    if not is_progressive:
        # Some writers leave these numbers at nothing; decoders pass over them.
        first, last, bits = 0, NUM_COEFFICIENTS - 1, 0
    for component in content[1:-3:2]:
        for coefficient in range(first, min(last + 1, NUM_COEFFICIENTS)):
            if component in missing:
                missing[component][coefficient] = bits & 15


def reads_beyond(data: bytes, eighth: Image.Image) -> bool:
    """Tell whether decoding needs more data than there is before the end mark.

    Where data ends early, decoders take what follows; where it is whole, they pass over it.
    `eighth` is the image as `EIGHTH` asks for it.
    """
    end = data.rfind(END)
    filled = data[:end].rstrip(b"\0")
    # Zeros are data, too: a flat area may be packed into them. Then they draw no pattern.
    is_zeroed = end - len(filled) >= FEWEST_ZEROS and not last_row_is_flat(_opened(data))
    noisy = (filled if is_zeroed else data[:end]) + NOISE + END
    if "progressive" in eighth.info:
        # Its last scans refine what only full size shows.
        return _opened(data).tobytes() != _opened(noisy).tobytes()
    return eighth.tobytes() != _opened(noisy, as_eighth=True).tobytes()


def _opened(data: bytes, *, as_eighth: bool = False) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    if as_eighth:
        image.draft(*EIGHTH)
    image.load()
    return image
