import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.deploy.settings import DeploySettings
from components.deploy.stage import deploy
from sightline.ground.errors import DataError
from sightline.ground.models.formats import LITERT
from sightline.ground.models.model_folder import locked, version_numbers
from sightline.ground.ports import Metadata
from sightline.stage.formats.bundle import hash_files, read_golden, write_golden
from sightline.stage.formats.bundle import read_info as read_bundle_info
from sightline.stage.formats.bundle import write_info as write_bundle_info
from sightline.stage.formats.model_folder import live_version
from sightline.stage.registry.changes import rollback
from sightline.stage.registry.local_place import LocalPlace
from tests.bundles import add_version, bundle_info


def put(bundle: Path, folder: Path, **settings: object) -> Metadata:
    facts = deploy(
        bundle=bundle,
        deployment=folder.parent / "deployment",
        report=folder.parent / "report.html",
        settings=DeploySettings.model_validate({"folder": str(folder), **settings}),
    )
    return facts["deployment"]


def record_of(folder: Path) -> Metadata:
    return json.loads((folder.parent / "deployment" / "deployment.json").read_text())


def another(bundle: Path, folder: Path, digest: str) -> Path:
    """The same bundle as if it were exported from another model."""
    shutil.copytree(bundle, folder)
    write_bundle_info(folder, replace(read_bundle_info(folder), digest=digest))
    return folder


def command(bundle: Path, folder: Path, out: Path) -> list[str]:
    paths = {"bundle": bundle, "folder": folder, "deployment": out / "d", "report": out / "r"}
    flags = [text for name, path in paths.items() for text in (f"--{name}", str(path))]
    return [sys.executable, "-m", "components.deploy", *flags]


def empty_bundle(folder: Path, digest: str) -> Path:
    write_bundle_info(folder, bundle_info(digest))
    return folder


def test_a_bundle_that_is_live_already_changes_nothing(tmp_path: Path) -> None:
    models = tmp_path / "models"
    add_version(models, 3, digest="same")
    before = sorted(models.rglob("*"))

    facts = put(empty_bundle(tmp_path / "bundle", "same"), models)

    assert (facts["version"], facts["live"], facts["changed"]) == (3, True, False)
    assert sorted(set(models.rglob("*")) - set(before)) == [models / ".lock"]


def test_a_bundle_that_is_live_already_needs_no_tensorflow(tmp_path: Path) -> None:
    add_version(tmp_path / "models", 1, digest="same")
    bundle = empty_bundle(tmp_path / "bundle", "same")
    check = (
        "import sys; from sightline.stage.command import run;"
        "from components.deploy.stage import deploy; run(deploy);"
        "sys.exit('tensorflow' in sys.modules)"
    )
    flags = command(bundle, tmp_path / "models", tmp_path)[3:]

    done = subprocess.run(
        [sys.executable, "-c", check, *flags], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_a_bundle_that_was_rolled_back_is_held_back(tmp_path: Path) -> None:
    models = tmp_path / "models"
    add_version(models, 1)
    add_version(models, 2, digest="bad")
    rollback(LocalPlace(models))

    facts = put(empty_bundle(tmp_path / "bundle", "bad"), models)

    assert (facts["version"], facts["live"], facts["changed"]) == (1, False, False)
    assert "set deploy.redeploy_rolled_back to true" in record_of(models)["held_back"]


def test_where_a_bundle_is_held_back_and_nothing_is_live_there_is_no_version(
    tmp_path: Path,
) -> None:
    models = tmp_path / "models"
    add_version(models, 1)
    add_version(models, 2, digest="bad")
    rollback(LocalPlace(models))
    shutil.rmtree(models / "1")

    facts = put(empty_bundle(tmp_path / "bundle", "bad"), models)

    assert (facts["version"], facts["live"], facts["changed"]) == (0, False, False)
    record = record_of(models)
    assert [record[name] for name in ("live_since", "model_name", "bundle_digest")] == [None] * 3
    assert (record["smoke_requests"], record["earlier_versions"]) == (0, [])
    page = (tmp_path / "report.html").read_text()
    assert "The bundle was not deployed." in page
    assert "There is no earlier version in the folder yet." in page


def test_a_dry_run_changes_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    models = tmp_path / "models"
    add_version(models, 1)
    before = sorted(models.rglob("*"))

    facts = put(empty_bundle(tmp_path / "bundle", "new"), models, dry_run=True)

    assert sorted(models.rglob("*")) == before
    assert (facts["version"], facts["live"], facts["changed"]) == (1, False, False)
    record = record_of(models)
    assert record["plan"]["version"] == 2
    assert [step["text"] for step in record["steps"]] == [
        f"Copy 1 file to version 2 of {models}.",
        "Ask version 2 its golden requests.",
        "Make it live in place of version 1.",
    ]


def test_a_dry_run_of_a_new_folder_does_not_make_it(tmp_path: Path) -> None:
    put(empty_bundle(tmp_path / "bundle", "new"), tmp_path / "models", dry_run=True)

    assert not (tmp_path / "models").exists()


@pytest.mark.slow
def test_the_first_bundle_becomes_version_one(bundle: Path, tmp_path: Path) -> None:
    facts = put(bundle, tmp_path / "models")

    assert (facts["version"], facts["live"], facts["changed"]) == (1, True, True)
    assert {"saved_model.pb", "variables", "bundle.json", "golden.json"} <= {
        path.name for path in (tmp_path / "models" / "1").iterdir()
    }
    assert record_of(tmp_path / "models")["smoke_max_difference"] < 1e-5


@pytest.mark.slow
def test_later_bundles_replace_each_other_and_old_ones_are_pruned(
    bundle: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    for number in range(1, 4):
        put(
            another(bundle, tmp_path / f"bundle{number}", f"digest{number}"),
            models,
            keep_versions=2,
        )

    assert version_numbers(models) == [3, 2]
    assert (record_of(models)["replaced"], record_of(models)["removed"]) == (2, [1])


@pytest.mark.slow
def test_a_bundle_that_was_rolled_back_goes_live_when_asked(bundle: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    put(bundle, models)
    put(another(bundle, tmp_path / "second", "second"), models)
    rollback(LocalPlace(models))

    facts = put(tmp_path / "second", models, redeploy_rolled_back=True)

    assert (facts["version"], facts["changed"]) == (3, True)


def turned_around(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "probabilities": answer["probabilities"][::-1]}


@pytest.mark.slow
def test_a_bundle_that_fails_its_smoke_test_leaves_the_live_version(
    bundle: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    put(bundle, models)
    wrong = another(bundle, tmp_path / "wrong", "wrong")
    golden = read_golden(wrong)
    turned = [turned_around(one.expected_of(LITERT)) for one in golden]
    pairs = zip(golden, turned, strict=True)
    write_golden(wrong, [replace(one, engines={LITERT: answer}) for one, answer in pairs])
    info = read_bundle_info(wrong)
    write_bundle_info(wrong, replace(info, files=hash_files(wrong)))

    with pytest.raises(DataError, match="The live version is untouched"):
        put(wrong, models)

    live = live_version(models)
    assert live is not None
    assert live.bundle_digest == read_bundle_info(bundle).digest
    assert version_numbers(models) == [1]
    assert not list(models.glob(".staging-*"))


@pytest.mark.slow
def test_deploying_again_repairs_a_damaged_live_version(bundle: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    put(bundle, models)
    weights = models / "1" / "saved_model.pb"
    weights.write_bytes(weights.read_bytes()[:-100] + bytes(100))

    facts = put(bundle, models)

    assert (facts["version"], facts["live"], facts["changed"]) == (2, True, True)
    assert version_numbers(models) == [2]


@pytest.mark.slow
def test_a_damaged_bundle_is_refused_before_it_is_copied(bundle: Path, tmp_path: Path) -> None:
    damaged = another(bundle, tmp_path / "damaged", "damaged")
    (damaged / "saved_model" / "saved_model.pb").write_bytes(b"")

    with pytest.raises(DataError, match=r"missing or changed: saved_model/saved_model\.pb"):
        put(damaged, tmp_path / "models")

    assert version_numbers(tmp_path / "models") == []


@pytest.mark.slow
def test_a_deployment_killed_in_the_middle_leaves_no_half_version(
    bundle: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    first = subprocess.Popen(
        command(bundle, models, tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not list(models.glob(".staging-*")) and first.poll() is None:
        time.sleep(0.01)
    first.kill()
    first.wait()
    after_kill = version_numbers(models)

    facts = put(bundle, models)

    assert after_kill == []
    assert facts["version"] == 1
    assert not list(models.glob(".staging-*"))


@pytest.mark.slow
def test_two_deployments_at_once_make_two_versions(bundle: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    bundles = [another(bundle, tmp_path / name, name) for name in ("left", "right")]

    with locked(models):
        running = [
            subprocess.Popen(
                command(each, models, tmp_path / f"out-{each.name}"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for each in bundles
        ]
    results = [process.communicate()[1] for process in running]

    assert [process.returncode for process in running] == [0, 0], results
    assert version_numbers(models) == [2, 1]
    assert not list(models.glob(".staging-*"))
