"""Image files as damage and hostility make them: bits, cuts, repeated parts, numbers in headers."""

import random
import struct
import zlib
from collections.abc import Iterator

from sightline.ground.source.png_chunks import MARK, read_chunks
from tests.data import encoded
from tests.sightline.stage.imaging.made_files import all_files, picture

NUMBERS = (0, 1, 2, 7, 15, 127, 255, 256, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
HEADER_BYTES = 128


def random_files(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield files with their names; one of five is as it was made, the others are mutated."""
    made = [*all_files().items(), *tiffs()]
    for number in range(count):
        source = random.Random(f"{seed} {number}")
        name, data = source.choice(made)
        for _ in range(source.choice((0, 1, 1, 2, 8))):
            data = mutated(data, source)
        yield f"seed {seed}, number {number}: {name}", data


def tiffs() -> Iterator[tuple[str, bytes]]:
    """Every compression that Pillow writes, and many pages."""
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        yield f"!tiff {compression}", encoded(picture(), "TIFF", compression=compression)
    for mode in ("1", "L", "CMYK", "RGBA"):
        yield f"!tiff {mode}", encoded(picture(mode if mode != "1" else "L").convert(mode), "TIFF")
    pages = [picture().rotate(90 * turn) for turn in range(1, 4)]
    yield "!tiff pages", encoded(picture(), "TIFF", save_all=True, append_images=pages)


def mutated(data: bytes, source: random.Random) -> bytes:
    """Change a file in one way."""
    if len(data) < 2:
        return data
    change = source.choice((flip_bits, cut, repeat_part, write_number))
    changed = change(bytearray(data), source)
    # Half of what was changed in a PNG file would only be a wrong checksum.
    return with_checksums(changed) if source.random() < 0.5 else changed


def flip_bits(data: bytearray, source: random.Random) -> bytes:
    """Turn some bits, half of them in the header."""
    for _ in range(source.choice((1, 1, 4, 20))):
        end = source.choice((len(data), min(len(data), HEADER_BYTES)))
        data[source.randrange(end)] ^= 1 << source.randrange(8)
    return bytes(data)


def cut(data: bytearray, source: random.Random) -> bytes:
    """Take a part out, mostly the end."""
    start = source.randrange(len(data))
    stop = source.choice((len(data), len(data), source.randrange(start, len(data))))
    return bytes(data[:start] + data[stop:])


def repeat_part(data: bytearray, source: random.Random) -> bytes:
    """Repeat a part, as a chunk or a frame would be."""
    start = source.randrange(len(data))
    stop = source.randrange(start, len(data)) + 1
    return bytes(data[:stop] + data[start:stop] * source.choice((1, 1, 5)) + data[stop:])


def write_number(data: bytearray, source: random.Random) -> bytes:
    """Write a number that is small, large or one off into the header."""
    order, width = source.choice("<>"), source.choice((1, 2, 4))
    at = source.randrange(min(len(data), HEADER_BYTES))
    value = source.choice(NUMBERS) % 256**width
    content = struct.pack(order + {1: "B", 2: "H", 4: "I"}[width], value)
    data[at : at + width] = content
    return bytes(data)


def with_checksums(data: bytes) -> bytes:
    """Write the right checksums into a PNG file."""
    if not data.startswith(MARK):
        return data
    fixed = bytearray(data)
    for chunk in read_chunks(data):
        if chunk.end <= len(data) and chunk.end - chunk.start >= 12:
            checksum = zlib.crc32(fixed[chunk.start + 4 : chunk.end - 4])
            fixed[chunk.end - 4 : chunk.end] = struct.pack(">I", checksum)
    return bytes(fixed)
