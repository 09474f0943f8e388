import pytest

from sightline.ground.source.file_kinds import other_kind, remedy_for


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(40), "a HEIC photo"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc" + bytes(40), "a HEIC photo"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif" + bytes(40), "an AVIF image"),
        (b"\0\0\0\x1cftypavis\0\0\0\0avismsf1" + bytes(40), "an AVIF image"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(40), "a video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + bytes(40), "a camera's raw photo"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's raw photo"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image"),
        (b"\xffO\xffQ\0/", "a JPEG 2000 image"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"\xff\x0a\xfa\x1f", "a JPEG XL image"),
        (b"\n\xff\xd8\xff\xe0", "an image after blank bytes"),
        (b"II*\0\x08\0\0\0", "a TIFF with layers, bands"),
    ],
)
def test_a_file_is_called_what_it_is(data: bytes, kind: str) -> None:
    assert other_kind(data).startswith(kind)


def test_what_to_do_follows_from_what_a_file_is() -> None:
    assert remedy_for("a Git LFS pointer, not the file itself").endswith("git lfs pull.")
    assert remedy_for("an image after blank bytes").startswith("Remove the blank bytes")
    assert remedy_for("a HEIC photo").startswith("Convert the file to JPEG or PNG")
