"""The chunks of a PNG file: strict on its pixels, lenient on what is only said about them."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MARK = b"\x89PNG\r\n\x1a\n"
END = b"IEND"
WORDY = frozenset((b"tEXt", b"zTXt", b"iTXt", b"iCCP"))
"""Text and colour profiles, which change no pixel here; Pillow refuses long ones."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a file."""

    file: memoryview
    kind: bytes
    start: int
    end: int

    @property
    def is_ancillary(self) -> bool:
        return self.kind[:1].islower()

    @property
    def is_whole(self) -> bool:
        """Whether it is there to its end with the right checksum, which takes reading it."""
        if self.end > len(self.file):
            return False
        found = zlib.crc32(self.file[self.start + 4 : self.end - 4])
        return found == int.from_bytes(self.file[self.end - 4 : self.end], "big")

    @property
    def content(self) -> memoryview:
        """Return what it holds."""
        return self.file[self.start + 8 : self.end - 4]


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a PNG file up to its end."""
    start, view = len(MARK), memoryview(data)
    while start + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        yield Chunk(view, kind, start, end)
        if kind == END:
            return
        start = end


def damage_of(data: bytes) -> str:
    """Say what is wrong with the pixels of a PNG file, or nothing; nothing of other files."""
    if not data.startswith(MARK):
        return ""
    kind = b""
    for chunk in read_chunks(data):
        kind = chunk.kind
        if not chunk.is_ancillary and chunk.end <= len(data) and not chunk.is_whole:
            return f"wrong checksum in {kind.decode('ascii', 'replace')}"
    return "" if kind == END else "the end is missing"


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
