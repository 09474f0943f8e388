import json
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.storage.sealed import unseal
from sightline.stage.answering.engine import TENSORFLOW_ALONE, Engine
from sightline.stage.formats.bundle import (
    GoldenRequest,
    check_files,
    digest_of,
    hash_files,
    read_golden,
    read_info,
    write_golden,
    write_info,
)
from tests.bundles import bundle_info


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    info = replace(bundle_info("digest"), classes=("b", "a ü"), files={"labels.txt": "00"})

    write_info(tmp_path, info)

    assert read_info(tmp_path) == info


def test_golden_requests_are_written_as_tensorflow_serving_takes_them(tmp_path: Path) -> None:
    request = GoldenRequest(id="ab", image=b"\xff\xd8", expected={"class_name": "light"})

    write_golden(tmp_path, [request])

    document = json.loads((tmp_path / "golden.json").read_text())
    assert document["requests"][0]["instance"] == {"b64": "/9g="}
    assert read_golden(tmp_path) == [request]


def test_a_changed_and_a_missing_file_are_named(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text(name)
    info = replace(bundle_info("digest"), files=hash_files(tmp_path))
    check_files(tmp_path, info)

    (tmp_path / "one").write_text("changed")
    (tmp_path / "two").unlink()

    with pytest.raises(DataError, match=r"missing or changed: one, two\. Run export again"):
        check_files(tmp_path, info)


def test_a_folder_that_is_no_bundle_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a sightline\.bundle file, found none"):
        read_info(tmp_path)


def test_a_bundle_of_another_version_says_which(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text('{"schema": "sightline.bundle", "schema_version": 9}')

    with pytest.raises(DataError, match=r"received sightline\.bundle version 9"):
        read_info(tmp_path)


def test_a_bundle_without_a_field_says_which(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text('{"schema": "sightline.bundle", "schema_version": 1}')

    with pytest.raises(DataError, match="expected the field 'model_name'"):
        read_info(tmp_path)


def test_a_digest_depends_on_values_not_on_their_order() -> None:
    assert digest_of(a=1, b=["x"]) == digest_of(b=["x"], a=1)
    assert digest_of(a=1, b=["x"]) != digest_of(a=1, b=["y"])


def test_a_bundle_of_an_older_version_is_answered_with_tensorflow(tmp_path: Path) -> None:
    write_info(tmp_path, bundle_info("digest"))
    document = unseal((tmp_path / "bundle.json").read_bytes())
    del document["engines"]
    (tmp_path / "bundle.json").write_text(json.dumps(document))

    (engine,) = read_info(tmp_path).engines

    assert (engine.name, engine.file, engine.usable) == ("tensorflow", "saved_model", True)


def test_other_readers_find_in_the_bundle_which_engines_may_answer(tmp_path: Path) -> None:
    left_out = Engine(name="litert-int8", file="", left_out="it disagrees")
    write_info(tmp_path, replace(bundle_info("digest"), engines=(*TENSORFLOW_ALONE, left_out)))

    first, second = json.loads((tmp_path / "bundle.json").read_text())["engines"]

    assert (first["name"], first["usable"], first["reason"]) == ("tensorflow", True, "")
    assert (second["usable"], second["reason"]) == (False, "it disagrees")


def test_an_engine_is_asked_for_its_own_golden_answer(tmp_path: Path) -> None:
    int8 = {"class_name": "dark"}
    request = GoldenRequest(
        id="ab", image=b"", expected={"class_name": "light"}, engines={"litert-int8": int8}
    )
    write_golden(tmp_path, [request])

    (found,) = read_golden(tmp_path)

    assert found.expected_of("litert-int8") == int8
    assert found.expected_of("tensorflow") == {"class_name": "light"}
