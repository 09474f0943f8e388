"""Image files of every kind that a header tells apart, written byte by byte where Pillow cannot."""

import io
import itertools
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from tests.data import encoded

WIDTH, HEIGHT = 21, 13
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF tiff:Orientation="6"/></x:xmpmeta>'
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
PASSES = ((0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2))


def all_files() -> dict[str, bytes]:
    """Name of a kind -> a file of it; names that begin with `!` are to be refused."""
    made = itertools.chain(pngs(), jpegs(), gifs(), bmps(), webps(), others())
    return dict(made)


def mutated_files(count: int) -> dict[str, bytes]:
    """Files with a few bytes of their headers changed, taken out or put in, or cut."""
    draw = random.Random(5)
    whole = [one for one in all_files().items() if one[1]]
    files = {}
    for number in range(count):
        name, data = draw.choice(whole)
        top = min(len(data), draw.choice([40, 120, 400]))
        for _ in range(draw.choice([1, 1, 2, 4])):
            at = draw.randrange(top)
            inside = bytes(draw.choice([0, 1, 2, 128, 254, 255, draw.randrange(256)]) for _ in "ab")
            changes = [data[:at] + inside[:1] + data[at + 1 :]] * 7
            changes += [data[:at] + data[at + 5 :], data[:at] + inside + data[at:], data[:-at]]
            data = draw.choice(changes)
        files[f"{number} {name}"] = data
    return files


def picture(mode: str = "RGB") -> Image.Image:
    """Smooth colours, so that lossy files keep them, with another value in every pixel."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    bands = [rows * 19, columns * 12, rows * 7 + columns * 5, 255 - rows * 9 - columns * 6]
    count = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.stack(bands[:count], axis=-1).astype(np.uint8)
    return Image.fromarray(pixels if count > 1 else pixels[..., 0]).convert(mode)


def pngs() -> Iterator[tuple[str, bytes]]:
    """Every colour type, depth and interlacing, with and without a transparent colour."""
    for colour, depths in DEPTHS.items():
        for depth, interlaced, transparent in itertools.product(depths, (0, 1), (0, 1)):
            if transparent and colour in (4, 6):
                continue
            refused = depth < 8 or (depth == 16 and transparent)
            name = f"png colour {colour} depth {depth} interlaced {interlaced} tRNS {transparent}"
            extra = {0: b"\0\1", 2: b"\0\1\0\2\0\3", 3: b"\x80\x40"}.get(colour, b"")
            chunks = [(b"tRNS", extra)] if transparent else []
            yield "!" * refused + name, png(colour, depth, interlaced, chunks)
    for turn in range(1, 9):
        block = (b"eXIf", exif_block(turn))
        yield f"{'!' * (turn > 1)}png exif {turn}", png(2, 8, 0, [block])
    yield "!png exif behind the pixels", png(2, 8, 0, after=[(b"eXIf", exif_block(6))])
    yield "png xmp", png(2, 8, 0, [(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)])
    yield "apng", encoded(picture(), "PNG", save_all=True, append_images=[picture().rotate(180)])
    yield "!png grey 16 bits with its used bits", png(0, 16, 0, [(b"sBIT", b"\x0c")])
    yield "png with its used bits", png(2, 8, 0, [(b"sBIT", b"\x05\x06\x05")])
    yield "png with gamma", png(2, 8, 0, [(b"gAMA", struct.pack(">I", 45455))])


def png(
    colour: int,
    depth: int,
    interlaced: int,
    chunks: list[tuple[bytes, bytes]] | None = None,
    after: list[tuple[bytes, bytes]] | None = None,
) -> bytes:
    """Write a PNG file of random samples."""
    top = 2**depth
    values = np.random.default_rng(7).integers(0, top, (HEIGHT, WIDTH, SAMPLES[colour]))
    passes = [(0, 1, 0, 1)]
    if interlaced:
        passes = [*PASSES, (1, 2, 0, 1)]
    rows = b""
    for row, row_step, column, column_step in passes:
        part = values[row::row_step, column::column_step]
        if part.size:
            rows += b"".join(b"\0" + packed(line.ravel(), depth) for line in part)
    listed = [(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, interlaced))]
    if colour == 3:
        palette = np.random.default_rng(8).integers(0, 256, (min(top, 256), 3), dtype=np.uint8)
        listed.append((b"PLTE", palette.tobytes()))
    listed += [*(chunks or []), (b"IDAT", zlib.compress(rows)), *(after or []), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, content) for name, content in listed)


def packed(values: np.ndarray[Any, Any], depth: int) -> bytes:
    """Pack samples, highest bits first, to whole bytes."""
    if depth == 16:
        return bytes(values.astype(">u2").tobytes())
    bits = (values[:, np.newaxis] >> np.arange(depth)[::-1]) & 1
    return bytes(np.packbits(bits.astype(np.uint8).ravel()).tobytes())


def chunk(name: bytes, content: bytes) -> bytes:
    """Write a PNG chunk."""
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def exif_block(turn: int, *, order: str = "<", kind: int = 3) -> bytes:
    """Write an EXIF block that holds an orientation alone."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    value = struct.pack(
        order + ("HH" if kind == 3 else "I"), *((turn, 0) if kind == 3 else (turn,))
    )
    entry = struct.pack(order + "HHI", 0x0112, kind, 1) + value
    return mark + struct.pack(order + "IH", 8, 1) + entry + b"\0\0\0\0"


def jpegs() -> Iterator[tuple[str, bytes]]:
    """Every mode and coding that Pillow writes, and every place of an orientation."""
    modes, sampling = ("L", "RGB", "CMYK"), (0, 1, 2)
    for mode, progressive, subsampling in itertools.product(modes, (False, True), sampling):
        options: dict[str, Any] = {
            "progressive": progressive,
            "subsampling": subsampling,
            "quality": 95,
        }
        data = encoded(picture(mode), **options)
        name = f"jpeg {mode} progressive {progressive} subsampling {subsampling}"
        yield name, data
        if mode == "CMYK":
            yield f"!{name} without marker", without_adobe(data)
    plain = encoded(picture(), quality=95)
    for turn, order in itertools.product(range(1, 9), "<>"):
        yield f"jpeg exif {turn} {order}", with_segment(plain, exif(turn, order=order))
    yield "jpeg exif 0", with_segment(plain, exif(0))
    yield "!jpeg exif as LONG", with_segment(plain, exif(6, order=">", kind=4))
    yield "!jpeg exif twice", with_segment(plain, exif(6), exif(3))
    yield "!jpeg xmp", with_segment(plain, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    renamed = b"XMP\0://ns.adobe.com/xap/1.0/\0" + XMP
    yield "jpeg xmp under another name", with_segment(plain, renamed)
    both = (exif(3), b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    yield "jpeg exif and xmp", with_segment(plain, *both)
    far = with_segment(with_segment(plain, exif(6)), *[b"ICC" + bytes(60_000)] * 2, marker=0xE2)
    yield "jpeg exif behind 120 kB", far
    decoy = with_segment(plain, exif(6))
    yield "jpeg exif behind its own name", with_segment(decoy, b"Exif\0\0II*\0", marker=0xED)
    extras = {"save_all": True, "append_images": [picture().rotate(180)]}
    yield "mpo", encoded(picture(), "MPO", quality=95, **extras)
    yield "jpeg with bytes behind", plain + b"more"
    yield "jpeg with bytes between", plain.replace(b"\xff\xdb", b"\0\0\0\xff\xdb", 1)


def exif(turn: int, *, order: str = "<", kind: int = 3) -> bytes:
    """Write what an APP1 segment with an orientation holds."""
    return b"Exif\0\0" + exif_block(turn, order=order, kind=kind)


def with_segment(data: bytes, *contents: bytes, marker: int = 0xE1) -> bytes:
    """Put segments right behind the start of a JPEG file."""
    segments = (struct.pack(">BBH", 0xFF, marker, len(one) + 2) + one for one in contents)
    return data[:2] + b"".join(segments) + data[2:]


def without_adobe(data: bytes) -> bytes:
    """Take the Adobe marker out of a JPEG file."""
    at = data.index(b"\xff\xee")
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def gifs() -> Iterator[tuple[str, bytes]]:
    """Still and animated, interlaced or not, with and without a transparent colour."""
    palette = picture().quantize(32)
    for interlace, moving, clear in itertools.product((0, 1), (False, True), (False, True)):
        options: dict[str, Any] = {"interlace": interlace}
        if moving:
            options |= {"save_all": True, "append_images": [picture().rotate(180)]}
        if clear:
            options |= {"transparency": 3}
        yield (
            f"gif interlaced {interlace} moving {moving} clear {clear}",
            encoded(palette, "GIF", **options),
        )
    still = encoded(palette, "GIF")
    yield "!gif on a wider canvas", still[:6] + struct.pack("<H", WIDTH + 9) + still[8:]
    at = still.index(b"\x2c", 13 + 3 * 2 ** (still[10] % 8 + 1))
    grown = still[:6] + struct.pack("<HH", WIDTH + 1, HEIGHT + 2) + still[10 : at + 1]
    yield "!gif frame with an offset", grown + struct.pack("<HH", 1, 2) + still[at + 5 :]


def bmps() -> Iterator[tuple[str, bytes]]:
    """Every depth, with bit fields, alpha, and rows from the top."""
    yield "!bmp with bytes behind the picture", bmp(24, HEIGHT, packing=0) + bytes(2)
    yield "!bmp 1", encoded(picture("L").convert("1"), "BMP")
    yield "!bmp palette", encoded(picture().quantize(200), "BMP")
    yield "bmp grey", encoded(picture("L"), "BMP")
    for bits, height in itertools.product((16, 24, 32), (HEIGHT, -HEIGHT)):
        name = f"bmp {bits} height {height}"
        yield "!" * (bits == 16) + name, bmp(bits, height, packing=0)
    plain, turned = (0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0)
    yield "bmp bit fields", bmp(32, HEIGHT, packing=3, masks=plain, header=124)
    yield "!bmp bit fields in another order", bmp(32, HEIGHT, packing=3, masks=turned, header=124)
    clear = (*plain[:3], 0xFF000000)
    yield "!bmp alpha", bmp(32, HEIGHT, packing=3, masks=clear, header=124)
    yield (
        "!bmp 16 bit fields",
        bmp(16, HEIGHT, packing=3, masks=(0xF800, 0x7E0, 0x1F, 0), header=56),
    )


def bmp(
    bits: int,
    height: int,
    *,
    packing: int,
    masks: tuple[int, ...] = (),
    header: int = 40,
) -> bytes:
    """Write a BMP file of random samples."""
    row = (WIDTH * bits // 8 + 3) // 4 * 4
    values = np.random.default_rng(9).integers(0, 256, (HEIGHT, row), dtype=np.uint8).tobytes()
    fields = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, packing, 0, 0, 0, 0, 0)
    fields = (fields + struct.pack(f"<{len(masks)}I", *masks)).ljust(header, b"\0")
    start = 14 + len(fields)
    return b"BM" + struct.pack("<IHHI", start + len(values), 0, 0, start) + fields + values


def webps() -> Iterator[tuple[str, bytes]]:
    """Lossy and lossless, with alpha, EXIF and XMP, still and animated."""
    for mode, lossless in itertools.product(("RGB", "RGBA"), (False, True)):
        name = f"webp {mode} lossless {lossless}"
        options: dict[str, Any] = {"lossless": lossless}
        yield name, encoded(picture(mode), "WEBP", **options)
        others = [picture(mode).rotate(180)]
        yield (
            f"!{name} animated",
            encoded(picture(mode), "WEBP", save_all=True, append_images=others, **options),
        )
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        yield f"{'!' * (turn > 1)}webp exif {turn}", encoded(picture(), "WEBP", exif=exif)
    yield "!webp xmp", encoded(picture(), "WEBP", xmp=XMP)


def others() -> Iterator[tuple[str, bytes]]:
    """What TensorFlow does not read at all."""
    for name in ("TIFF", "PPM", "ICO"):
        yield f"!{name.lower()}", encoded(picture(), name)
    yield "!empty", b""
    yield "!text", b"no image"
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    yield "!png signature alone", buffer.getvalue()[:8]
