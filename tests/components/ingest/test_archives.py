import io
import os
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from tests.components.ingest.ingesting import ingest_source
from tests.data import encoded, photo_folder, photograph

ARCHIVES = ["photos.zip", "photos.tar", "photos.tar.gz", "photos.tgz", "photos.tar.xz"]


def packed(folder: Path, target: Path) -> Path:
    """Pack a folder with its own name at the top, as people do."""
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder.parent))
    else:
        mode = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz"}[target.suffix]
        with tarfile.open(target, mode) as archive:  # type: ignore[call-overload]
            archive.add(folder, folder.name)
    return target


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_of_class_folders_gives_what_the_folder_gives(tmp_path: Path, name: str) -> None:
    source = photo_folder(tmp_path / "photos", cats=3, dogs=3)

    from_folder = ingest_source(source, tmp_path / "a")
    from_archive = ingest_source(packed(source, tmp_path / name), tmp_path / "b")

    assert from_archive.info.fingerprint == from_folder.info.fingerprint
    assert from_archive.info.classes == ("cats", "dogs")
    assert from_archive.labels == from_folder.labels


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_may_hold_a_table_and_its_images_in_any_order(tmp_path: Path, name: str) -> None:
    source = photo_folder(tmp_path / "photos", images=4)
    (source / "labels.csv").write_text(
        "path,label\nimages/3.jpg,a\nimages/0.jpg,b\n../../etc/passwd,b\n/etc/passwd,b\n"
        "images/7.jpg,b\n"
    )

    result = ingest_source(packed(source, tmp_path / name), tmp_path)

    assert result.labels == {"3.jpg": "a", "0.jpg": "b"}
    assert result.reasons == {
        "../../etc/passwd": "unsafe path: it leads out of the place that holds the table",
        "/etc/passwd": "unsafe path: it leads out of the place that holds the table",
        "images/7.jpg": "unreadable file: no such file in the archive",
    }


def test_members_that_lead_out_of_the_archive_are_refused(tmp_path: Path) -> None:
    data = encoded(photograph())
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("cats/0.jpg", "dogs/0.jpg", "cats/../../out.jpg", "/cats/root.jpg"):
            archive.writestr(name, data)

    result = ingest_source(tmp_path / "photos.zip", tmp_path)

    assert result.info.num_examples == 2
    assert set(result.reasons.values()) == {"unsafe path"}
    assert not list(tmp_path.glob("**/out.jpg"))


def test_links_and_devices_of_a_tar_are_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        for name in ("cats/0.jpg", "dogs/0.jpg"):
            data = encoded(photograph())
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("cats/link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)

    result = ingest_source(tmp_path / "photos.tar", tmp_path)

    assert result.info.num_examples == 2
    assert result.reasons == {"cats/link.jpg": "unsafe path: a link or device in the archive"}


def test_a_bomb_is_refused_by_its_declared_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cats/0.jpg", encoded(photograph()))
        archive.writestr("dogs/0.jpg", encoded(photograph(1)))
        archive.writestr("cats/bomb.jpg", bytes(8_000_000))

    result = ingest_source(tmp_path / "photos.zip", tmp_path, max_megapixels=1)

    assert result.info.num_examples == 2
    assert result.reasons["cats/bomb.jpg"].startswith("too many bytes: 8,000,000 bytes from 7,")


def test_a_damaged_member_costs_only_itself(tmp_path: Path) -> None:
    target = packed(photo_folder(tmp_path / "photos", cats=2, dogs=2), tmp_path / "photos.zip")
    with zipfile.ZipFile(target) as archive:
        info = archive.getinfo("photos/cats/0.jpg")
    data = bytearray(target.read_bytes())
    data[info.header_offset + 100 : info.header_offset + 120] = os.urandom(20)
    target.write_bytes(data)

    result = ingest_source(target, tmp_path)

    assert result.info.num_examples == 3
    assert result.reasons["photos/cats/0.jpg"].startswith("damaged image: in the archive")


def test_a_cut_tar_keeps_what_came_before_the_cut(tmp_path: Path) -> None:
    target = packed(photo_folder(tmp_path / "photos", cats=4, dogs=4), tmp_path / "photos.tar.gz")
    data = target.read_bytes()
    target.write_bytes(data[: len(data) * 3 // 4])

    result = ingest_source(target, tmp_path)

    assert 3 <= result.info.num_examples < 8
    assert any(reason.startswith("truncated image: ") for reason in result.reasons.values())


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"<html>404</html>")

    with pytest.raises(DataError, match=r"expected a whole (zip|tar) archive"):
        ingest_source(tmp_path / name, tmp_path)


def named_zip(target: Path, encoding: str, *names: str) -> Path:
    """A zip whose names are in a code page, without the mark of UTF-8."""
    with zipfile.ZipFile(target, "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(name.encode(encoding).hex() + ".jpg", encoded(photograph(number)))
    data = target.read_bytes()
    for name in names:
        raw = name.encode(encoding)
        hexed = raw.hex().encode() + b".jpg"
        data = data.replace(hexed, (raw + b".jpg").ljust(len(hexed), b"g"))
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ("Ha\u0308her/1", "Zaunko\u0308nig/2")),
        ("cp437", ("Häher/1", "Zaunkönig/2")),
        ("cp866", ("собака/1", "кошка/2")),
        ("cp932", ("ネコ/1", "犬のこ/2")),
        ("cp932", ("バラ/1",)),
        ("gbk", ("玫瑰/1", "郁金香/2", "a/3")),
        ("gbk", ("狗/1", "猫/2")),
        ("cp949", ("강아지/1", "고양이/2")),
        ("cp949", ("장미/1", "튤립/2")),
    ],
)
def test_names_of_zips_from_macos_and_windows_are_words(
    tmp_path: Path, encoding: str, names: tuple[str, ...]
) -> None:
    result = ingest_source(named_zip(tmp_path / "photos.zip", encoding, *names), tmp_path)

    classes = {unicodedata.normalize("NFC", name.partition("/")[0]) for name in names}
    assert set(result.info.classes) == classes


def test_names_of_a_zip_in_an_unknown_encoding_are_refused(tmp_path: Path) -> None:
    target = named_zip(tmp_path / "photos.zip", "big5", "玫瑰/1", "鬱金香/2", "a/3")

    result = ingest_source(target, tmp_path)

    assert result.info.classes == ("a",)
    assert all("does not tell the encoding" in reason for reason in result.reasons.values())
    assert len(result.reasons) == 2


def test_a_name_that_info_zip_wrote_beside_is_taken(tmp_path: Path) -> None:
    name = zipfile.ZipInfo("dogs/0.jpg")
    raw = "玫瑰/0.jpg".encode("gbk")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("cats/0.jpg", encoded(photograph()))
        name = zipfile.ZipInfo(raw.decode("gbk").encode("gbk").hex()[: len(raw)])
        field = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + "玫瑰/0.jpg".encode()
        name.extra = struct.pack("<HH", 0x7075, len(field)) + field
        archive.writestr(name, encoded(photograph(1)))
    data = (tmp_path / "photos.zip").read_bytes()
    (tmp_path / "photos.zip").write_bytes(data.replace(raw.hex()[: len(raw)].encode(), raw))

    result = ingest_source(tmp_path / "photos.zip", tmp_path)

    assert result.info.classes == ("cats", "玫瑰")


def test_a_tar_of_this_folder_and_members_above_it_are_told_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for name in ("./././cats/0.jpg", "dogs/./1.jpg", "../../x/2.jpg"):
            archive.writestr(name, encoded(photograph()))

    result = ingest_source(tmp_path / "photos.zip", tmp_path)

    assert result.info.classes == ("cats", "dogs")
    assert result.reasons == {"../../x/2.jpg": "unsafe path"}


def test_a_member_that_is_encrypted_costs_only_itself(tmp_path: Path) -> None:
    target = packed(photo_folder(tmp_path / "photos", cats=2, dogs=2), tmp_path / "photos.zip")
    data = bytearray(target.read_bytes())
    at = data.find(b"PK\x01\x02", data.find(b"photos/cats/0.jpg", data.find(b"PK\x01\x02")) - 46)
    data[at + 8] |= 1
    target.write_bytes(data)

    result = ingest_source(target, tmp_path)

    assert result.reasons == {"photos/cats/0.jpg": "unreadable file: encrypted"}
    assert "Unpack it on this machine" in result.refused[0]["remedy"]


@pytest.mark.parametrize("name", ["photos", *ARCHIVES[:2]])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_table_finds_files_in_another_unicode_form(tmp_path: Path, name: str, form: str) -> None:
    files, table = ("NFD", "NFC") if form == "NFC" else ("NFC", "NFD")
    source = tmp_path / "photos"
    folder = source / unicodedata.normalize(files, "Vögel")
    folder.mkdir(parents=True)
    (folder / unicodedata.normalize(files, "Häher.jpg")).write_bytes(encoded(photograph()))
    reference = unicodedata.normalize(table, "Vögel/Häher.jpg")
    (source / "labels.csv").write_text(f"path,label\n{reference},a\n", encoding="utf-8")

    target = source if name == "photos" else packed(source, tmp_path / name)
    result = ingest_source(target, tmp_path)

    assert result.info.num_examples == 1


@pytest.mark.parametrize("name", ARCHIVES[:2])
def test_an_empty_folder_of_an_archive_is_told_as_that_of_a_folder_is(
    tmp_path: Path, name: str
) -> None:
    photos = photo_folder(tmp_path / "photos", cats=1, dogs=1)
    (photos / "birds/young").mkdir(parents=True)
    archive = tmp_path / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as file:
            for path in sorted(photos.rglob("*")):
                file.write(path, path.relative_to(tmp_path))
    else:
        with tarfile.open(archive, "w") as tar:
            tar.add(photos, "photos")

    result = ingest_source(archive, tmp_path)

    assert "Folders without images, which are no classes: birds" in result.report
    assert result.info.classes == ("cats", "dogs")
