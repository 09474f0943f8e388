"""The chunks of a PNG file: strict on its pixels, lenient on what is only said about them."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MARK = b"\x89PNG\r\n\x1a\n"
WORDY = frozenset((b"tEXt", b"zTXt", b"iTXt", b"iCCP"))
"""Text and colour profiles, which change no pixel here; Pillow refuses long ones."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; `is_whole` says whether it is there to its end with the right checksum."""

    kind: bytes
    start: int
    end: int
    is_whole: bool

    @property
    def is_ancillary(self) -> bool:
        return self.kind[:1].islower()


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a PNG file up to its end."""
    start, view = len(MARK), memoryview(data)
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        checksum = view[end - 4 : end]
        is_whole = end <= len(data) and zlib.crc32(view[start + 4 : end - 4]) == int.from_bytes(
            checksum, "big"
        )
        yield Chunk(kind, start, end, is_whole)
        if kind == b"IEND":
            return
        start = end


def damage_of(data: bytes) -> str:
    """Say what is wrong with the pixels of a PNG file, or nothing."""
    kind = b""
    for chunk in read_chunks(data):
        kind = chunk.kind
        if not chunk.is_whole and not chunk.is_ancillary and chunk.end <= len(data):
            return f"wrong checksum in {kind.decode('ascii', 'replace')}"
    return "" if kind == b"IEND" else "the end is missing"


def without_extras(data: bytes) -> bytes:
    """Return a PNG file without texts, colour profile and ancillary chunks that are damaged."""
    if not data.startswith(MARK):
        return data
    kept = [
        data[chunk.start : chunk.end]
        for chunk in read_chunks(data)
        if not (chunk.is_ancillary and (chunk.kind in WORDY or not chunk.is_whole))
    ]
    return b"".join([MARK, *kept])
