"""Names inside zip archives, which rarely say in which encoding they are."""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence

UTF8_FLAG = 0x800
UNICODE_PATH = 0x7075
"""Extra field of Info-ZIP: the name in UTF-8, with a checksum of the name that it stands for."""
KANA = re.compile("[\u3040-\u30ff\uff66-\uff9f]")
CYRILLIC = re.compile("[\u0400-\u04ff]")


def zip_names(infos: Sequence[zipfile.ZipInfo]) -> list[str | None]:
    """Return the name of each member, or None where no encoding gives words.

    Most tools mark UTF-8; those of macOS write it without a mark, and those of Windows write the
    code page of their country.
    """
    told = [_told(info) for info in infos]
    raws = [
        info.orig_filename.encode("cp437")
        for info, name in zip(infos, told, strict=True)
        if name is None
    ]
    encoding = _code_page(raws)
    rest = iter(raws)
    return [
        name if name is not None else (raw.decode(encoding) if encoding else None)
        for name in told
        for raw in ([next(rest)] if name is None else [b""])
    ]


def _told(info: zipfile.ZipInfo) -> str | None:
    """Return a name whose encoding is sure, or None."""
    if info.flag_bits & UTF8_FLAG or info.orig_filename.isascii():
        return info.orig_filename
    raw = info.orig_filename.encode("cp437")
    if name := _unicode_path(info.extra, raw):
        return name
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def _unicode_path(extra: bytes, raw: bytes) -> str:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return field[5:].decode("utf-8", "replace")
    return ""


def _code_page(raws: Sequence[bytes]) -> str:
    """Return the code page in which names are words, or nothing where none is sure."""
    for encoding, is_sure in (("cp437", _is_latin), ("cp866", _is_russian), ("cp932", _is_kana)):
        try:
            text = "".join(re.sub(rb"\.[A-Za-z]+$", b"", raw).decode(encoding) for raw in raws)
        except UnicodeDecodeError:
            continue
        others = "".join(letter for letter in text if not letter.isascii())
        if is_sure(text, others):
            return encoding
    return ""


def _is_latin(text: str, others: str) -> bool:
    num_ascii = sum(letter.isascii() and letter.isalpha() for letter in text)
    return num_ascii >= len(others) and all("LATIN" in unicodedata.name(c, "") for c in others)


def _is_russian(text: str, others: str) -> bool:
    return all(map(CYRILLIC.match, others))


def _is_kana(text: str, others: str) -> bool:
    return KANA.search(others) is not None and all(c.isalpha() or c == "\u30fc" for c in others)
