"""The model folder: which versions stay, and what is said about it."""

from pathlib import Path

import pytest

from components.deploy.model_folder.changes import prune, remove_leftovers
from components.deploy.rollout import roll_out
from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from components.deploy.target import Bundle, target_of
from sightline.ground.models.model_folder import version_numbers
from sightline.stage.formats.bundle import write_info
from sightline.stage.registry.changes import rollback
from sightline.stage.registry.local_place import LocalPlace
from sightline.stage.registry.log import read_log
from tests.bundles import add_version, bundle_info


def folder_of(path: Path, *numbers: int) -> Path:
    for number in numbers:
        add_version(path, number)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def test_as_many_versions_stay_as_are_kept(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1, 2, 3)

    removed = prune(LocalPlace(models), 2)

    assert removed == (1,)
    assert names(models) == ["2", "3"]


def test_what_is_pruned_stands_in_the_log_with_the_live_version(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1, 2, 3, 4)

    prune(LocalPlace(models), 2)

    last = read_log(models)[-1]
    assert (last.action, last.live, last.replaced) == ("prune", 4, 4)
    assert last.set_aside == (1, 2)
    assert last.bundle_digest == "bundle-4"


@pytest.mark.parametrize("keep", [3, 4])
def test_nothing_is_pruned_while_there_is_room(tmp_path: Path, keep: int) -> None:
    models = folder_of(tmp_path / "models", 1, 2, 3)
    before = read_log(models)

    assert prune(LocalPlace(models), keep) == ()
    assert version_numbers(models) == [3, 2, 1]
    assert read_log(models) == before


def test_what_was_rolled_back_goes_once_enough_later_versions_are_there(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1, 2)
    rollback(LocalPlace(models))
    aside = next(name for name in names(models) if name != "1")
    add_version(models, 3)

    early = prune(LocalPlace(models), 2)
    add_version(models, 4)
    late = prune(LocalPlace(models), 2)

    assert early == ()
    assert late == (1, 2)
    assert aside not in names(models)
    assert names(models) == ["3", "4"]


def test_what_was_rolled_back_stays_while_versions_are_missing(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1, 2)
    rollback(LocalPlace(models))
    add_version(models, 3)
    before = names(models)

    assert prune(LocalPlace(models), 3) == ()
    assert names(models) == before


def test_the_rest_of_killed_deployments_is_removed_and_nothing_else(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1)
    for name in (".staging-17", ".removing-3"):
        (models / name).mkdir()
    for name in ("notes", "2024", "7", "8"):
        (models / name).mkdir()
    (models / "2024/photo.jpg").touch()
    (models / "7/saved_model.pb").touch()
    for name in ("saved_model.pb", ".unfinished"):
        (models / "8" / name).touch()

    remove_leftovers(LocalPlace(models))

    assert names(models) == ["1", "2024", "7", "notes"]
    assert [path.name for path in models.glob("*/*.jpg")] == ["photo.jpg"]


def deployed(tmp_path: Path, models: Path, digest: str) -> str:
    write_info(tmp_path / "bundle", bundle_info(digest))
    deploy(
        bundle=tmp_path / "bundle",
        deployment=tmp_path / "deployment",
        report=tmp_path / "report.html",
        settings=DeploySettings(folder=str(models)),
    )
    return (tmp_path / "report.html").read_text()


def test_the_report_of_what_is_live_already_names_the_way_back(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models of mine", 1, 2)

    page = deployed(tmp_path, models, "bundle-2")

    assert "This bundle is live already as version 2." in page
    assert "Version 1 becomes live again" in page
    assert "sightline rollback &#39;" in page or "sightline rollback '" in page
    assert "not asked again" in page
    assert "not measured again" in page
    assert "flowers" in page


def test_the_report_of_a_bundle_held_back_says_why(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1, 2)
    rollback(LocalPlace(models))

    page = deployed(tmp_path, models, "bundle-2")

    assert "The bundle was not deployed." in page
    assert "This bundle was rolled back on" in page
    assert "There is no earlier version in the folder yet." in page


def test_what_is_live_already_replaced_nothing_and_was_not_tested(tmp_path: Path) -> None:
    models = folder_of(tmp_path / "models", 1)
    write_info(tmp_path / "bundle", bundle_info("bundle-1"))
    settings = DeploySettings(folder=str(models))

    done = roll_out(target_of(settings), Bundle.read(tmp_path / "bundle"), settings)

    assert done.deployed is not None
    assert (done.deployed.version, done.deployed.replaced, done.deployed.removed) == (1, None, ())
    assert (done.changed, done.smoke, done.held_back) == (False, None, "")
