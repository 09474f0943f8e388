import json
import os
from pathlib import Path

import pytest

from components.ingest.fingerprint import fingerprint
from components.ingest.settings import FingerprintSettings
from sightline.ground.errors import DataError
from tests.components.ingest.test_archives import packed
from tests.data import encoded, photo_folder, photograph


def digest_of(source: Path) -> str:
    target = source.parent / "digest.txt"
    fingerprint(digest=target, settings=FingerprintSettings(source=str(source)))
    return target.read_text()


def test_an_unchanged_folder_keeps_its_fingerprint(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2, dogs=2)

    assert digest_of(source) == digest_of(source)


def test_one_more_one_less_and_one_changed_photo_are_seen(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2, dogs=2)
    digests = [digest_of(source)]

    (source / "cats/new.jpg").write_bytes(encoded(photograph(8)))
    digests.append(digest_of(source))
    os.utime(source / "cats/new.jpg", ns=(1, 1))
    digests.append(digest_of(source))
    (source / "cats/0.jpg").unlink()
    digests.append(digest_of(source))

    assert len(set(digests)) == 4


def test_system_files_do_not_change_the_fingerprint(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=2)
    before = digest_of(source)

    (source / ".DS_Store").write_bytes(b"\0")

    assert digest_of(source) == before


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
def test_the_images_that_a_table_names_are_seen(tmp_path: Path, name: str) -> None:
    source = photo_folder(tmp_path / "photos", images=3)
    rows = [f"images/{index}.jpg" for index in range(2)]
    lines = {
        "labels.csv": [f"{row},cat" for row in rows],
        "labels.jsonl": [json.dumps({"imageGcsUri": row}) for row in rows],
    }
    (source / name).write_text("\n".join(lines[name]))
    before = digest_of(source / name)

    (source / "images/2.jpg").write_bytes(b"not named by the table")
    unnamed = digest_of(source / name)
    (source / "images/1.jpg").write_bytes(b"changed")

    assert before == unnamed
    assert digest_of(source / name) != before


def test_an_archive_is_seen_by_its_size_and_time(tmp_path: Path) -> None:
    target = packed(photo_folder(tmp_path / "photos", cats=2), tmp_path / "photos.zip")
    before = digest_of(target)

    os.utime(target, ns=(1, 1))

    assert digest_of(target) != before


def test_a_source_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found nothing"):
        digest_of(tmp_path / "absent")
