import json

import pytest

from sightline.ground.storage.sealed import SealError, seal, unseal

DOCUMENT = {"classes": ["ü", "b"], "share": 0.1, "inner": {"none": None, "whole": 12}}


def written(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def test_what_was_sealed_is_read_without_its_checksum() -> None:
    assert unseal(written(seal(DOCUMENT))) == DOCUMENT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (written(seal(DOCUMENT)).replace(b"12", b"13"), "does not match its checksum"),
        (written(seal(DOCUMENT))[:-1], "it is no JSON"),
        (b"\xff", "it is no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (written(DOCUMENT), "it carries no checksum"),
        (b"[1]", "it carries no checksum"),
    ],
)
def test_what_was_not_sealed_so_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(SealError, match=reason):
        unseal(content)


def test_a_document_of_an_earlier_version_is_read_where_no_checksum_is_required() -> None:
    assert unseal(written(DOCUMENT), required=False) == DOCUMENT
