import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sightline.ground.errors import UserError
from sightline.images.record import (
    ImageRecord,
    PushedImage,
    images_file,
    read_images,
    write_images,
)

TEAM = "localhost:5000/team"
GOOGLE = "europe-west4-docker.pkg.dev/p/r"


def pushed(stage: str = "ingest", registry: str = TEAM, digit: str = "a", **fields) -> PushedImage:
    return PushedImage(
        **{
            "reference": f"{registry}/sightline-{stage}@sha256:{digit * 64}",
            "content": digit * 12,
            "python_image": "python:3.11-slim-bookworm",
            "platform": "linux/amd64",
            "version": "0.1.0",
            "pushed": datetime(2026, 11, 22, 2, 30, tzinfo=UTC),
            **fields,
        }
    )


def test_the_record_stands_beside_the_settings() -> None:
    assert images_file(Path("a/sightline.yaml")) == Path("a/sightline.images.json")


def test_the_file_is_what_a_person_can_read_and_compare(tmp_path: Path) -> None:
    record = ImageRecord().with_image(TEAM, "train", pushed("train"))
    record = record.with_image(TEAM, "ingest", pushed())

    write_images(tmp_path / "record.json", record)

    text = (tmp_path / "record.json").read_text()
    assert text.endswith("}\n")
    document = json.loads(text)
    assert list(document) == ["schema", "schema_version", "registries"]
    assert list(document["registries"][TEAM]) == ["ingest", "train"]
    assert document["registries"][TEAM]["ingest"] == {
        "reference": f"{TEAM}/sightline-ingest@sha256:{'a' * 64}",
        "content": "a" * 12,
        "python_image": "python:3.11-slim-bookworm",
        "platform": "linux/amd64",
        "gpu": False,
        "version": "0.1.0",
        "pushed": "2026-11-22T02:30:00Z",
    }


def test_without_a_file_nothing_was_pushed(tmp_path: Path) -> None:
    record = read_images(tmp_path / "absent.json")

    assert record.pinned(TEAM, "ingest") is None


def test_other_registries_and_stages_stay() -> None:
    record = ImageRecord().with_image(TEAM, "ingest", pushed())
    record = record.with_image(GOOGLE, "ingest", pushed(registry=GOOGLE))

    record = record.with_image(TEAM, "train", pushed("train"))

    assert list(record.registries) == [GOOGLE, TEAM]
    assert record.pinned(TEAM, "ingest") == pushed()
    assert record.pinned(GOOGLE, "ingest") == pushed(registry=GOOGLE)
    assert record.pinned(TEAM, "train") == pushed("train")


def test_a_newer_image_takes_the_place_of_an_older_one() -> None:
    record = ImageRecord().with_image(TEAM, "ingest", pushed())

    record = record.with_image(TEAM, "ingest", pushed(digit="b"))

    assert record.pinned(TEAM, "ingest") == pushed(digit="b")


def test_the_same_image_again_changes_nothing() -> None:
    record = ImageRecord().with_image(TEAM, "ingest", pushed())

    again = record.with_image(TEAM, "ingest", pushed(pushed=datetime(2027, 1, 1, tzinfo=UTC)))

    assert again == record


def test_dashes_and_a_last_slash_find_the_same_image() -> None:
    record = ImageRecord().with_image(TEAM, "label_check", pushed("label-check"))

    assert record.pinned(f"{TEAM}/", "label-check") == record.pinned(TEAM, "label_check")


def test_a_record_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        pushed().content = "b" * 12


@given(
    stages=st.dictionaries(
        st.tuples(st.sampled_from([TEAM, GOOGLE]), st.sampled_from(["ingest", "train", "deploy"])),
        st.sampled_from("0123456789abcdef"),
    )
)
def test_what_was_written_is_read_back(tmp_path_factory, stages) -> None:
    path = tmp_path_factory.mktemp("record") / "sightline.images.json"
    record = ImageRecord()
    for (registry, stage), digit in stages.items():
        record = record.with_image(registry, stage, pushed(stage, registry, digit))

    write_images(path, record)

    assert read_images(path) == record


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<<<<<< HEAD\n", r"could not read it .*Restore sightline\.images\.json from version"),
        ("[]", r"expected sightline\.images version 1; received None version None"),
        ('{"schema": "sightline.images", "schema_version": 2}', r"received sightline\.images ver"),
    ],
    ids=["conflict", "list", "newer"],
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sightline.images.json"
    path.write_text(text)

    with pytest.raises(UserError, match=message):
        read_images(path)


def test_a_tag_in_place_of_a_digest_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "sightline.images.json"
    write_images(path, ImageRecord().with_image(TEAM, "ingest", pushed()))
    path.write_text(path.read_text().replace(f"@sha256:{'a' * 64}", ":latest"))

    with pytest.raises(UserError, match=r"registries\.localhost:5000/team\.ingest\.reference: "):
        read_images(path)
