"""A model folder in S3 and in Cloud Storage: the same registry, and what is live is the same."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.deploy.model_folder.changes import remove_leftovers
from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from components.deploy.stored_bundle import brought_here
from sightline.ground.errors import DataError, SettingsError
from sightline.ground.models.model_folder import FolderError, version_numbers
from sightline.ground.storage.stores import open_store, path_in_store
from sightline.project.stages import Location
from sightline.serving.container.fetching import fetch
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.formats.bundle import read_sound, write_info
from sightline.stage.formats.model_folder import newest_sound
from sightline.stage.registry import store_lock
from sightline.stage.registry.bringing import folder_here
from sightline.stage.registry.changes import challenge, delete, promote, rollback, write_note
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.log import read_log
from sightline.stage.registry.place import Place
from sightline.stage.registry.places import place_of
from sightline.stage.registry.registry import Registry
from sightline.targets.local.locations import location_version
from tests.bundles import add_version, bundle_info
from tests.sightline.command_line import sightline
from tests.sightline.serving.served import lay_version


@pytest.fixture
def address(store_address: str) -> str:
    """A model folder in a store, in which there is nothing yet."""
    return f"{store_address}/models/flowers"


def store_of(address: str) -> tuple[Any, str]:
    return open_store(address.partition(":")[0]), path_in_store(address)


def uploaded(folder: Path, address: str, *numbers: int) -> Place:
    """A model folder as a pipeline on a cluster leaves it in a bucket."""
    for number in numbers:
        add_version(folder, number)
    store, root = store_of(address)
    for path in folder.rglob("*"):
        if path.is_file():
            store.put_file(str(path), f"{root}/{path.relative_to(folder).as_posix()}")
    return place_of(address)


def standings(place: Place) -> dict[int, str]:
    return {one.number: one.alias or one.standing for one in Registry(place).entries()}


def downloaded(address: str, folder: Path) -> Path:
    """The folder as whoever mounts the bucket, or a server that is older, sees it."""
    store, root = store_of(address)
    for path in store.find(root):
        place = folder / str(path).removeprefix(f"{root}/")
        place.parent.mkdir(parents=True, exist_ok=True)
        store.get_file(path, str(place))
    return folder


def test_versions_change_in_a_store_as_they_do_in_a_folder(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2, 3)

    assert rollback(place).live == 2
    assert standings(place) == {3: "rolled back", 2: "champion", 1: "previous"}
    write_note(place, "3", "Bad on night shots.")
    challenge(place, "3")
    assert standings(place) == {3: "challenger", 2: "champion", 1: "previous"}
    assert promote(place, "challenger").live == 3
    assert delete(place, ["1"]) == (1,)

    entry = Registry(place).entry(3)
    assert [note.text for note in entry.notes] == ["Bad on night shots."]
    assert standings(place) == {3: "champion", 2: "previous"}
    assert Registry(place).next_number() == 4
    here = downloaded(address, tmp_path / "here")
    assert version_numbers(here) == [3, 2]
    assert standings(LocalPlace(here)) == standings(place)
    assert not [path for path in here.iterdir() if path.name.startswith(".lock")]


def test_a_server_brings_what_the_registry_says_is_live(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2)
    rollback(place)

    folder = fetch(address, tmp_path / "here")

    assert version_numbers(folder) == [1]


def test_the_champion_is_what_the_registry_says_is_live(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2, 3)
    rollback(place)
    store, root = store_of(address)
    store.pipe_file(f"{root}/2/labels.txt", b"others")

    folder = folder_here(address)

    live, damaged = newest_sound(folder)
    assert live is not None
    assert (live.number, damaged) == (1, {})
    assert read_log(folder)[-1].action == "rollback"


def test_a_store_whose_versions_are_all_damaged_is_named(address: str, tmp_path: Path) -> None:
    uploaded(tmp_path / "models", address, 1, 2)
    store, root = store_of(address)
    for number in (1, 2):
        store.pipe_file(f"{root}/{number}/labels.txt", b"others")

    with pytest.raises(DataError, match=r"a version that is whole; 2 versions in it, all damaged"):
        folder_here(address)


def test_the_cache_sees_what_is_live_in_a_store(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2)
    location = Location("read", words=("",), folder=True)

    before = location_version(address, location)
    rollback(place)

    assert (before, location_version(address, location)) == ("model bundle-2", "model bundle-1")
    assert location_version(f"{address}/none", location) == f"{address}/none"


def test_a_folder_of_this_machine_is_the_champions_as_it_is(tmp_path: Path) -> None:
    assert folder_here(str(tmp_path)) == tmp_path
    assert folder_here(f"file://{tmp_path}") == tmp_path
    assert folder_here("absent") == Path("absent")


def test_a_copy_that_was_not_finished_is_no_version_and_is_removed(
    address: str, tmp_path: Path
) -> None:
    place = uploaded(tmp_path / "models", address, 1)
    copy_that_was_killed(place, tmp_path / "cut", "2")

    assert place.versions() == [1]
    assert place.has("2/labels.txt")
    assert place.leftovers() == ["2"]
    assert Registry(place).next_number() == 3
    remove_leftovers(place)
    assert sorted(place.folders()) == ["1"]


def copy_that_was_killed(place: Place, cut: Path, name: str) -> None:
    """Copy a version that has a file which nobody can read: those before it are there then."""
    version = add_version(cut, 1)
    (version / "unreadable").symlink_to("/proc/self/mem")
    with pytest.raises(FolderError, match="can be read and changed; received"):
        place.put(version, name)


@pytest.mark.parametrize("prefix", ["", ".rolled-back-"])
def test_folders_that_are_nobodys_copy_survive_deployments_to_a_store(
    address: str, tmp_path: Path, prefix: str
) -> None:
    place = uploaded(tmp_path / "models", address, 1)
    store, root = store_of(address)
    foreign = [f"{root}/2024/photo.jpg", f"{root}/{prefix}7/saved_model.pb", f"{root}/notes/a.txt"]
    for path in foreign:
        store.pipe_file(path, b"somebody's")

    remove_leftovers(place)

    assert place.leftovers() == []
    assert all(store.exists(path) for path in foreign)


def test_a_damaged_version_in_a_store_is_not_promoted(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2)
    rollback(place)
    store, root = store_of(address)
    store.pipe_file(f"{root}/.rolled-back-2/labels.txt", b"others")

    with pytest.raises(DataError, match=rf"{address}/\.rolled-back-2: .*changed: labels\.txt"):
        promote(place, "2")

    assert place.versions() == [1]


@pytest.mark.slow
def test_two_at_once_change_a_store_one_after_the_other(address: str, tmp_path: Path) -> None:
    uploaded(tmp_path / "models", address, 1)

    with ThreadPoolExecutor(3) as several:
        for number in range(3):
            several.submit(write_note, place_of(address), "1", f"note {number}")

    notes = Registry(place_of(address)).entry(1).notes
    assert sorted(note.text for note in notes) == ["note 0", "note 1", "note 2"]


def test_a_lock_that_was_left_behind_is_followed_by_another(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2)
    store, root = store_of(address)
    left = json.dumps({"holder": "killed", "until": time.time() - 1}).encode()
    store.pipe_file(f"{root}/.lock-7", left)

    rollback(place)

    assert place.versions() == [1]
    assert not store.exists(f"{root}/.lock-7")


def test_a_lock_that_somebody_else_took_over_stays_theirs(address: str, tmp_path: Path) -> None:
    place = uploaded(tmp_path / "models", address, 1)
    store, root = store_of(address)
    theirs = json.dumps({"holder": "another", "until": time.time() + 900}).encode()

    with place.held():
        store.pipe_file(f"{root}/.lock-1", theirs)

    assert store.cat_file(f"{root}/.lock-1") == theirs


def test_a_lock_that_is_held_for_long_is_put_off(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = uploaded(tmp_path / "models", address, 1)
    store, root = store_of(address)
    monkeypatch.setattr(store_lock, "RENEW_SECONDS", 0.01)

    with place.held():
        first = store.cat_file(f"{root}/.lock-1")
        while (later := store.cat_file(f"{root}/.lock-1")) == first:
            time.sleep(0.01)

    assert json.loads(later)["holder"] == json.loads(first)["holder"]
    assert json.loads(later)["until"] > json.loads(first)["until"]
    assert not store.exists(f"{root}/.lock-1")


def test_who_is_kept_out_for_too_long_is_told(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = uploaded(tmp_path / "models", address, 1, 2)
    monkeypatch.setattr(store_lock, "LOCK_TIMEOUT_SECONDS", 0.0)

    with place.held(), pytest.raises(FolderError, match="another command has been at work"):
        rollback(place)


def test_two_that_write_the_same_version_at_once_are_told_apart(
    address: str, tmp_path: Path
) -> None:
    place = uploaded(tmp_path / "models", address, 1)
    other = add_version(tmp_path / "other", 1, digest="another bundle")

    with pytest.raises(FolderError, match=r"somebody else wrote /1/bundle\.json"):
        place.put(other, "1")


def test_deploying_the_same_bundle_again_changes_nothing_in_a_store(
    address: str, tmp_path: Path
) -> None:
    uploaded(tmp_path / "models", address, 1)
    write_info(tmp_path / "bundle", bundle_info("bundle-1"))
    store, root = store_of(address)
    before = {path: store.info(path)["size"] for path in store.find(root)}

    facts = deploy(
        bundle=tmp_path / "bundle",
        deployment=tmp_path / "deployment",
        report=tmp_path / "report.html",
        settings=DeploySettings(folder=address),
    )["deployment"]

    assert (facts["version"], facts["live"], facts["changed"]) == (1, True, False)
    assert {path: store.info(path)["size"] for path in store.find(root)} == before


def test_a_bundle_is_deployed_to_a_store_whole_and_can_be_served_from_there(
    address: str, tmp_path: Path
) -> None:
    version = lay_version(tmp_path / "laid", 1)
    (version / SAVED_MODEL).mkdir()
    (version / "saved_model.pb").rename(version / SAVED_MODEL / "saved_model.pb")

    facts = deploy(
        bundle=version,
        deployment=tmp_path / "deployment",
        report=tmp_path / "report.html",
        settings=DeploySettings(folder=address, canary_share=0.1),
    )["deployment"]

    assert (facts["version"], facts["folder"], facts["changed"]) == (1, address, True)
    folder = fetch(address, tmp_path / "here")
    assert read_sound(folder / "1").digest == "bundle-1"
    assert [one.action for one in read_log(folder)] == ["deploy"]


@pytest.mark.slow
def test_the_commands_take_an_address(address: str, tmp_path: Path) -> None:
    uploaded(tmp_path / "models", address, 1, 2)

    back = sightline("rollback", address)
    listed = sightline("models", "list", "--folder", address)

    assert back.out == "Version 1 is live again; version 2 is set aside.\n"
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [
        ["2", "rolled"],
        ["1", "live"],
    ]


def test_a_bundle_in_a_store_that_names_files_elsewhere_is_not_deployed(
    address: str, tmp_path: Path
) -> None:
    write_info(tmp_path, replace(bundle_info("evil"), files={"../evil": "0" * 64}))
    store, root = store_of(address)
    store.put_file(str(tmp_path / "bundle.json"), f"{root}/bundle.json")
    store.pipe_file(f"{root.rpartition('/')[0]}/evil", b"")

    with pytest.raises(DataError, match=r"files inside the bundle, received \.\./evil"):
        brought_here(address, tmp_path / "here")

    assert not (tmp_path / "evil").exists()


def test_an_absent_folder_in_a_store_is_told(address: str) -> None:
    with pytest.raises(FolderError, match="expected a model folder, found none"):
        rollback(place_of(address))


def test_a_store_that_cannot_be_reached_is_told(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()

    with pytest.raises(FolderError, match=r"^s3://.*expected a model folder that can be read"):
        rollback(place_of(f"s3://{s3_bucket}/models"))


def test_a_web_address_is_no_model_folder() -> None:
    with pytest.raises(SettingsError, match=r"expected a model folder at a path or at .*gs://"):
        place_of("https://example.com/models")
