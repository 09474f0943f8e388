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
KANA = re.compile("[\u3040-\u30ff]")
HANGUL = re.compile("[\uac00-\ud7a3]")
COMMON_HANGUL = frozenset(
    "이다는에가을의고지하로사나기어도한자리시인를해아서그대일스게라구들여정수부전은있만주상보제거오원비"
    "장것안생조성세동모마소으년실개식면적과미화공진요선유신물치우무영경국드방바당트단연관타내두음차문산"
    "분강결료체회양회금반말민교학속명용계예절집잎꽃새닭말돼소쥐뱀곰코끼풀벌노빨파검흰병차배"
)
"""Syllables of which Korean names are full; read as Korean, Chinese names hit them by chance."""
COMMON_HANGUL_SHARE = 1 / 3
COMMON_HANZI_SHARE = 0.8
CYRILLIC = re.compile("[\u0400-\u04ff]")
MIXED = re.compile("[a-zA-Z][\u0400-\u04ff]|[\u0400-\u04ff][a-zA-Z]")
"""Two alphabets in one word, as Japanese has them when it is read as Russian."""


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
    others = [raw for raw in raws if not _is_utf8(raw)]
    encoding = _code_page(others) if others else ""
    # One tool wrote the archive: a word of two bytes that is UTF-8 by chance is as the others.
    is_one = bool(encoding) and _code_page(raws) == encoding
    named = iter(_decoded(raw, encoding, is_one) for raw in raws)
    return [name if name is not None else next(named) for name in told]


def _told(info: zipfile.ZipInfo) -> str | None:
    """Return a name whose encoding the archive tells, or None."""
    if info.flag_bits & UTF8_FLAG or info.orig_filename.isascii():
        return info.orig_filename
    return _unicode_path(info.extra, info.orig_filename.encode("cp437")) or None


def _decoded(raw: bytes, encoding: str, is_one: bool) -> str | None:
    if _is_utf8(raw) and not is_one:
        return raw.decode()
    return raw.decode(encoding) if encoding else None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unicode_path(extra: bytes, raw: bytes) -> str:
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return field[5:].decode("utf-8", "replace")
    return ""


def _code_page(raws: Sequence[bytes]) -> str:
    """Return the code page in which names are words, or nothing where none is sure."""
    for encoding, is_sure in (
        ("cp437", _is_latin),
        ("cp866", _is_russian),
        ("cp932", _is_kana),
        ("cp949", _is_korean),
        ("gbk", _is_chinese),
    ):
        try:
            text = "/".join(re.sub(rb"\.[A-Za-z]+$", b"", raw).decode(encoding) for raw in raws)
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
    return all(map(CYRILLIC.match, others)) and not MIXED.search(text)


def _is_korean(text: str, others: str) -> bool:
    num_common = sum(letter in COMMON_HANGUL for letter in others)
    return all(map(HANGUL.match, others)) and num_common >= COMMON_HANGUL_SHARE * len(others)


def _is_chinese(text: str, others: str) -> bool:
    """Tell whether nearly all are among the 3,755 characters that everybody writes."""
    leads = [letter.encode("gbk")[0] for letter in others]
    num_common = sum(0xB0 <= lead <= 0xD7 for lead in leads)
    return all(map(str.isalpha, others)) and num_common >= COMMON_HANZI_SHARE * len(others)


def _is_kana(text: str, others: str) -> bool:
    return KANA.search(others) is not None and all(c.isalpha() or c == "\u30fc" for c in others)
