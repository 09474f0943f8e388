import time
from pathlib import Path

import pytest

from sightline.ground.model_folder import FolderError
from sightline.serving import versions as serving_versions
from sightline.serving.rollback import rollback
from sightline.serving.versions import Versions
from tests.bundles import add_version
from tests.sightline.serving.brightness import load_brightness


def started(folder: Path, *, poll_seconds: float = 60.0) -> Versions:
    versions = Versions(folder, load=load_brightness)
    versions.start(poll_seconds=poll_seconds)
    return versions


def number_of(versions: Versions) -> int:
    assert versions.current is not None
    return versions.current.number


def states_of(versions: Versions) -> dict[int, str]:
    return {state.version: state.state for state in versions.states()}


def test_the_newest_version_is_served_first(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    add_version(tmp_path, 2)

    versions = started(tmp_path)

    assert number_of(versions) == 2
    assert states_of(versions) == {2: "AVAILABLE"}


def test_a_new_version_takes_over_and_the_old_one_ends(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    versions = started(tmp_path)

    add_version(tmp_path, 2)
    versions.refresh()

    assert number_of(versions) == 2
    assert states_of(versions) == {2: "AVAILABLE", 1: "END"}


def test_a_folder_that_is_out_of_reach_for_a_while_is_watched_on(tmp_path: Path) -> None:
    folder, away = tmp_path / "models", tmp_path / "away"
    add_version(folder, 1)
    versions = started(folder, poll_seconds=0.01)

    folder.rename(away)
    folder.write_text("a file")
    with pytest.raises(FolderError):
        versions.refresh()
    time.sleep(0.05)
    folder.unlink()
    away.rename(folder)
    add_version(folder, 2)
    deadline = time.monotonic() + 60
    while number_of(versions) != 2 and time.monotonic() < deadline:
        time.sleep(0.02)

    assert number_of(versions) == 2
    versions.stop()


def test_a_new_version_is_found_without_being_asked(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    versions = started(tmp_path, poll_seconds=0.02)

    add_version(tmp_path, 2)
    deadline = time.monotonic() + 60
    while number_of(versions) != 2 and time.monotonic() < deadline:
        time.sleep(0.02)

    assert number_of(versions) == 2
    versions.stop()


def test_a_rollback_is_followed(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    add_version(tmp_path, 2)
    versions = started(tmp_path)

    rollback(tmp_path)
    versions.refresh()

    assert number_of(versions) == 1
    assert states_of(versions) == {2: "END", 1: "AVAILABLE"}


def test_a_version_that_does_not_load_leaves_the_present_one_serving(tmp_path: Path) -> None:
    add_version(tmp_path, 1)
    versions = started(tmp_path)
    (add_version(tmp_path, 2) / "broken").touch()

    versions.refresh()

    assert number_of(versions) == 1
    assert states_of(versions) == {2: "END", 1: "AVAILABLE"}
    assert versions.states()[0].error == "version 2 is broken"


def test_a_version_that_did_not_load_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_version(tmp_path, 1)
    broken = add_version(tmp_path, 2) / "broken"
    broken.touch()
    versions = started(tmp_path)
    broken.unlink()

    versions.refresh()
    too_early = number_of(versions)
    monkeypatch.setattr(serving_versions, "RETRY_SECONDS", 0.0)
    versions.refresh()

    assert (too_early, number_of(versions)) == (1, 2)


def test_a_folder_that_goes_away_changes_nothing(tmp_path: Path) -> None:
    add_version(tmp_path / "models", 1)
    versions = started(tmp_path / "models")

    (tmp_path / "models").rename(tmp_path / "elsewhere")
    versions.refresh()

    assert number_of(versions) == 1


def test_a_folder_without_versions_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="expected a model folder with a version in it"):
        started(tmp_path)


def test_a_folder_whose_versions_do_not_load_says_why(tmp_path: Path) -> None:
    (add_version(tmp_path, 3) / "broken").touch()

    with pytest.raises(FolderError, match="Version 3: version 3 is broken"):
        started(tmp_path)
