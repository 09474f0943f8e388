"""A kind of target is its folder in `sightline/targets`, and `make docs`."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sightline.images.record import images_file, write_images
from tests.adding.scratch import Scratch, scratch_copy
from tests.sightline.commands.clusters import pushed_images

FOLDER = Path(__file__).parent / "shelf"
KIND = "sightline/targets/shelf"
REGISTRY = "registry.example.com/team"

pytestmark = pytest.mark.slow  # each command of the copy starts a process


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A copy of the project with a kind of target `shelf`, after `make docs`."""
    copy = scratch_copy(tmp_path_factory.mktemp("adding") / "project")
    copy.add(KIND, FOLDER)
    copy.make_docs()
    return copy


def settings(folder: Path, **target: Any) -> Path:
    """Settings with a target `x` that is a shelf, and a record of images that it can pull."""
    shelf = {"kind": "shelf", "folder": "/mnt/shelf", "registry": REGISTRY, **target}
    content = {
        "pipeline": {"name": "flowers"},
        "ingest": {"source": "s3://bucket/flowers"},
        "train": {"recipe": "scratch"},
        "resources": {"train": {"gpu": "T4", "memory": "8G"}},
        "targets": {"x": shelf},
    }
    path = folder / "sightline.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    write_images(images_file(path), pushed_images((REGISTRY,)))
    return path


def refusal(scratch: Scratch, *arguments: object) -> str:
    """What `sightline ARGUMENTS` says when it refuses."""
    with pytest.raises(AssertionError) as refused:
        scratch.sightline(*arguments)
    return " ".join(str(refused.value).split())


def test_nothing_else_was_edited_and_make_docs_wrote_the_reference(scratch: Scratch) -> None:
    reference = (scratch.root / "docs/settings.md").read_text(encoding="utf-8")

    folder = {f"{KIND}/{name}" for name in ("__init__.py", "settings.py", "engine.py")}
    assert scratch.changed() == {*folder, "docs/settings.md"}
    section = reference.split("\n## targets.<name>, kind shelf\n")[1].split("\n## ")[0]
    assert "| required | Folder for packages. |" in section
    assert "| `registry` |" in section


def test_a_package_is_compiled_for_it_with_its_own_words(scratch: Scratch, tmp_path: Path) -> None:
    file, output = settings(tmp_path), tmp_path / "package.yaml"

    scratch.sightline("compile", "--target", "x", "--file", file, "--output", output)

    package = yaml.safe_load(output.read_text(encoding="utf-8"))
    parameters = package["root"]["inputDefinitions"]["parameters"]
    train = package["deploymentSpec"]["executors"]["exec-train"]["container"]
    assert parameters["deploy_folder"]["defaultValue"] == "/mnt/shelf/models/flowers"
    assert train["image"].startswith(f"{REGISTRY}/sightline-train@sha256:")
    assert train["resources"]["accelerator"]["resourceType"] == "box-of-t4"


def test_its_rules_refuse_a_package(scratch: Scratch, tmp_path: Path) -> None:
    refused = refusal(scratch, "lint", "--target", "x", "--file", settings(tmp_path, most_tasks=3))

    assert "problem shelf package: expected up to 3 tasks; received 10" in refused


def test_its_runs_are_listed(scratch: Scratch, tmp_path: Path) -> None:
    file = settings(tmp_path)

    said = scratch.sightline("runs", "--json", "--target", "x", "--file", file)

    assert [run["name"] for run in json.loads(said)] == ["first-of-the-shelf"]


def test_a_run_is_planned_and_a_schedule_is_told_by_a_clock_that_nobody_knows(
    scratch: Scratch, tmp_path: Path
) -> None:
    options = ("--dry-run", "--target", "x", "--file", settings(tmp_path))
    when = ("--cron", "30 2 * * *", "--time-zone", "Europe/Berlin")

    planned = scratch.sightline("submit", *options)
    told = scratch.sightline("schedule", "create", "nightly", *when, *options)

    assert planned.startswith("PUT /mnt/shelf")
    assert "it is not known whether a shelf runs once or twice" in told


def test_settings_that_it_does_not_have_are_refused(scratch: Scratch, tmp_path: Path) -> None:
    unknown = refusal(
        scratch, "runs", "--target", "x", "--file", settings(tmp_path, folderr="/mnt")
    )
    no_kind = refusal(scratch, "runs", "--target", "x", "--file", settings(tmp_path, kind="table"))

    assert "received `targets.x.folderr`. Did you mean `targets.x.folder`?" in unknown
    assert "expected one of local, kfp, shelf, vertex; received 'table'" in no_kind
    assert "shelf is a shelf" in no_kind


def test_editors_complete_it(scratch: Scratch) -> None:
    kinds = json.loads(scratch.sightline("schema"))["properties"]["targets"]

    (shelf,) = (
        kind
        for kind in kinds["additionalProperties"]["anyOf"]
        if kind["properties"]["kind"].get("const") == "shelf"
    )
    assert shelf["properties"]["folder"]["description"] == "Folder for packages."


def test_the_import_contracts_hold_for_it(scratch: Scratch) -> None:
    scratch.python("-c", "from importlinter.cli import lint_imports_command as lint; lint([])")
