"""Names inside zips: what is told beside or by a mark is taken, whatever else the member says."""

import struct
import zipfile
import zlib

import pytest

from sightline.ground.source.archives.archive_names import zip_names

CHINESE = "玫瑰/0.jpg"
RAW = CHINESE.encode("gbk")
TIMES = struct.pack("<HHBI", 0x5455, 5, 1, 1_700_000_000)


def member(raw: bytes, *, flags: int = 0, extra: bytes = b"") -> zipfile.ZipInfo:
    """A member as `zipfile` reads it: an unmarked name is taken for code page 437."""
    info = zipfile.ZipInfo(raw.decode("cp437"))
    info.flag_bits, info.extra = flags, extra
    return info


def told_beside(name: str, raw: bytes) -> bytes:
    field = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
    return struct.pack("<HH", 0x7075, len(field)) + field


@pytest.mark.parametrize(
    "extra",
    [
        told_beside(CHINESE, RAW),
        TIMES + told_beside(CHINESE, RAW),
        TIMES + told_beside("of another name", b"another") + told_beside(CHINESE, RAW) + TIMES,
    ],
)
def test_the_name_that_info_zip_wrote_is_found_among_other_fields(extra: bytes) -> None:
    assert zip_names([member(RAW, extra=extra)]) == [CHINESE]


@pytest.mark.parametrize("extra", [b"", b"\x75", TIMES[:3], TIMES + b"\x75\x70"])
def test_fields_that_are_cut_off_tell_no_name_and_stop_nothing(extra: bytes) -> None:
    assert zip_names([member("größe.jpg".encode(), extra=extra)]) == ["größe.jpg"]


@pytest.mark.parametrize("flags", [0, 1, 1 << 3])
def test_only_the_mark_of_utf8_says_that_a_name_is_decoded_already(flags: int) -> None:
    marked = zipfile.ZipInfo("größe.jpg")
    marked.flag_bits = flags | 0x800

    unmarked = member("größe.jpg".encode(), flags=flags)

    assert zip_names([marked, unmarked]) == ["größe.jpg", "größe.jpg"]


def test_each_name_stays_with_its_member() -> None:
    marked = zipfile.ZipInfo("größe.jpg")
    marked.flag_bits = 0x800
    infos = [member("été.jpg".encode("cp437")), marked, member(b"plain.jpg")]
    infos += [member("âne.jpg".encode("cp437")), member("naïve.jpg".encode("cp437"))]

    assert zip_names(infos) == ["été.jpg", "größe.jpg", "plain.jpg", "âne.jpg", "naïve.jpg"]
