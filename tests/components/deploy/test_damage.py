"""A version whose files have changed is never live, whichever file it is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from sightline.ground.errors import DataError
from sightline.ground.models.model_folder import FolderError, version_numbers
from sightline.ground.ports import Metadata
from sightline.ground.storage.sealed import SEAL
from sightline.serving import soundness
from sightline.serving.predict import find_version
from sightline.stage.formats.bundle import read_info, read_sound, write_info
from sightline.stage.formats.model_folder import newest_sound
from sightline.stage.registry.changes import rollback, set_aside
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.log import read_log
from sightline.stage.registry.registry import Registry
from tests.bundles import add_version, bundle_info
from tests.sightline.serving.running import serving_folder


def put(folder: Path, digest: str, **settings: object) -> Metadata:
    bundle = folder.parent / "bundle"
    (bundle / "saved_model").mkdir(parents=True)
    write_info(bundle, bundle_info(digest))
    return deploy(
        bundle=bundle,
        deployment=folder.parent / "deployment",
        report=folder.parent / "report.html",
        settings=DeploySettings.model_validate({"folder": str(folder), **settings}),
    )["deployment"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def forget_two_classes(place: Path) -> None:
    """As an editor would leave it: the document is whole, its classes are not the model's."""
    document = json.loads((place / "bundle.json").read_text())
    del document[SEAL]
    (place / "bundle.json").write_text(json.dumps({**document, "classes": ["dark"]}))


@pytest.mark.parametrize(
    "name", ["saved_model.pb", "variables/variables.data", "labels.txt", "bundle.json"]
)
def test_a_changed_file_of_a_version_is_noticed_whichever_it_is(tmp_path: Path, name: str) -> None:
    place = add_version(tmp_path, 1)
    flip(place / name)

    with pytest.raises(DataError, match=name.rsplit("/", maxsplit=1)[-1]):
        read_sound(place)


def test_a_missing_file_of_a_version_is_noticed(tmp_path: Path) -> None:
    place = add_version(tmp_path, 1)
    (place / "variables/variables.data").unlink()

    with pytest.raises(DataError, match=r"missing or changed: variables/variables\.data"):
        read_sound(place)


def test_other_classes_in_a_whole_document_are_noticed(tmp_path: Path) -> None:
    place = add_version(tmp_path, 1)
    forget_two_classes(place)

    with pytest.raises(DataError, match=r"expected the classes of labels\.txt \(dark, light\)"):
        read_sound(place)


def test_a_version_from_before_documents_carried_checksums_is_sound(tmp_path: Path) -> None:
    place = add_version(tmp_path, 1)
    document = json.loads((place / "bundle.json").read_text())
    del document[SEAL]
    (place / "bundle.json").write_text(json.dumps(document))

    assert read_sound(place) == read_info(place)


def test_a_damaged_live_version_is_not_reported_live_and_the_one_before_comes_back(
    tmp_path: Path,
) -> None:
    models = tmp_path / "models"
    add_version(models, 1, digest="good")
    flip(add_version(models, 2) / "saved_model.pb")

    facts = put(models, "good")

    assert (facts["version"], facts["live"], facts["changed"]) == (1, True, False)
    assert version_numbers(models) == [1]
    assert (models / ".damaged-2/saved_model.pb").is_file()
    last = read_log(models)[-1]
    assert (last.action, last.live, last.replaced, last.set_aside) == ("damaged", 1, 2, (2,))
    assert Registry(LocalPlace(models)).next_number() == 3
    assert json.loads((tmp_path / "deployment/deployment.json").read_text())["damaged"] == [2]


def test_deploying_the_bundle_of_a_damaged_version_does_not_find_it_live(tmp_path: Path) -> None:
    models = tmp_path / "models"
    flip(add_version(models, 1, digest="same") / "saved_model.pb")

    # This bundle has no model, so its smoke test fails: it was not taken for live already.
    with pytest.raises(DataError, match="Smoke test"):
        put(models, "same")

    assert newest_sound(models) == (None, {})


def test_a_bundle_that_was_rolled_back_is_not_taken_for_damaged(tmp_path: Path) -> None:
    models = tmp_path / "models"
    add_version(models, 1, digest="good")
    add_version(models, 2, digest="bad")
    rollback(LocalPlace(models))

    facts = put(models, "bad")

    assert (facts["version"], facts["live"]) == (1, False)


def test_a_server_falls_back_to_no_damaged_version(tmp_path: Path) -> None:
    flip(add_version(tmp_path, 1) / "variables/variables.data")

    damage = r"missing or changed: variables/variables\.data"
    with pytest.raises(FolderError, match=damage), serving_folder(tmp_path):
        pass


def test_predict_answers_with_the_newest_whole_version(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    flip(add_version(tmp_path, 2) / "labels.txt")

    assert find_version(tmp_path, None) == 1


def test_a_damaged_version_is_not_gone_back_to(tmp_path: Path) -> None:
    flip(add_version(tmp_path, 1) / "saved_model.pb")
    add_version(tmp_path, 2)

    with pytest.raises(DataError, match="missing or changed"):
        rollback(LocalPlace(tmp_path))

    assert version_numbers(tmp_path) == [2, 1]


def test_every_version_is_examined_for_processes_without_a_model(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    flip(add_version(tmp_path, 2) / "saved_model.pb")

    newest, oldest, log = soundness.examine(tmp_path, ask=False)

    assert (newest.version, oldest) == (2, replace(newest, name="1", version=1, damage=""))
    assert "missing or changed: saved_model.pb" in newest.damage
    assert (log.name, log.version, log.damage) == ("deployments.jsonl", None, "")


def test_a_version_that_was_rolled_back_is_examined_too(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    flip(add_version(tmp_path, 2) / "saved_model.pb")
    set_aside(LocalPlace(tmp_path), [2])

    _, aside, _ = soundness.examine(tmp_path, ask=False)

    assert (aside.name, aside.version) == (".rolled-back-2", None)
    assert "missing or changed: saved_model.pb" in aside.damage


def test_a_changed_bit_anywhere_in_the_log_is_noticed(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    add_version(tmp_path, 2)
    path = tmp_path / "deployments.jsonl"
    before = path.read_bytes()
    for place in range(len(before) - 1):
        content = bytearray(before)
        content[place] ^= 1 << place % 7
        path.write_bytes(content)

        *_, log = soundness.examine(tmp_path, ask=False)

        same = content.decode("latin-1").lower() == before.decode("latin-1").lower()
        assert same or log.damage, content[place - 5 : place + 5]
