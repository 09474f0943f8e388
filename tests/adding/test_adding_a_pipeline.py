"""A pipeline is one file, and `make docs`; it reads the sections of the stages that it uses."""

import json
from pathlib import Path

import pytest
import yaml

from tests.adding.scratch import Scratch, scratch_copy
from tests.data import photo_folder

PIPELINE = "pipelines/screening.py"
SETTINGS = """
pipeline: {name: birds}
ingest: {source: photos}
label_check: {fail_on: never}
train: {epochs: 5, weights: none}
resources:
  ingest: {memory: 2G}
  export: {memory: 4G, gpu: nvidia}
"""

pytestmark = pytest.mark.slow  # commands of the copy start in processes of their own


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """A copy of the project with a second pipeline of three tasks, after `make docs`."""
    copy = scratch_copy(tmp_path_factory.mktemp("adding") / "project")
    copy.add(PIPELINE, Path(__file__).with_name("screening.py"))
    copy.make_docs()
    return copy


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    photo_folder(tmp_path / "photos", cats=5, dogs=5)
    (tmp_path / "sightline.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path / "sightline.yaml"


def refusal(scratch: Scratch, *arguments: object) -> str:
    """What `sightline ARGUMENTS` says when it refuses."""
    with pytest.raises(AssertionError) as refused:
        scratch.sightline(*arguments)
    return " ".join(str(refused.value).split())


def test_nothing_else_was_edited_and_make_docs_wrote_the_reference(scratch: Scratch) -> None:
    page = (scratch.root / "docs/settings.md").read_text(encoding="utf-8")

    assert scratch.changed() == {PIPELINE, "docs/settings.md"}
    assert (
        "| `screening` | ingest, label_check, train | Images and labels, looked at before" in page
    )


def test_its_package_has_the_parameters_and_resources_of_its_stages(
    scratch: Scratch, settings: Path, tmp_path: Path
) -> None:
    output = tmp_path / "package.yaml"

    said = scratch.sightline(
        *("compile", "--pipeline", "screening", "--file", settings, "--output", output)
    )

    package = yaml.safe_load(output.read_text(encoding="utf-8"))
    parameters = package["root"]["inputDefinitions"]["parameters"]
    executors = package["deploymentSpec"]["executors"]
    assert package["pipelineInfo"]["name"] == "birds-screening"
    assert {name.split("_")[0] for name in parameters} == {
        *("ingest", "label", "preprocess", "train")
    }
    assert parameters["label_check_fail_on"]["defaultValue"] == "never"
    tasks = ("backbone", "fingerprint", "ingest", "label-check")
    assert executors.keys() == {f"exec-{task}" for task in tasks}
    assert executors["exec-ingest"]["container"]["resources"]["resourceMemoryLimit"] == "2G"
    assert "resources.export.gpu" not in said


def test_it_runs_and_a_resumed_run_keeps_it(
    scratch: Scratch, settings: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.rename(tmp_path / "later")
    failed = refusal(scratch, "run", "--pipeline", "screening", "--file", settings)
    (tmp_path / "later").rename(photos)

    scratch.sightline("run", "--resume", "--file", settings)

    (run,) = (tmp_path / ".sightline/runs").iterdir()
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert "photos" in failed
    assert record["pipeline"] == "birds-screening"
    assert {name: task["status"] for name, task in record["tasks"].items()} == {
        "backbone": "succeeded",
        "fingerprint": "succeeded",
        "ingest": "succeeded",
        "label-check": "succeeded",
    }


def test_settings_of_other_stages_are_not_needed_but_checked(
    scratch: Scratch, settings: Path
) -> None:
    common = ("compile", "--pipeline", "screening", "--file", settings)

    override = refusal(scratch, *common, "--set", "evaluate.min_accuracy=0.7")
    settings.write_text(SETTINGS.replace("epochs", "epoch"), encoding="utf-8")
    in_file = refusal(scratch, *common)

    assert (
        "--set evaluate.min_accuracy=0.7: expected a setting of a stage that pipeline screening "
        "uses (ingest, label_check, train); received one of evaluate."
    ) in override
    assert "Did you mean `train.epochs`?" in in_file


def test_an_unknown_name_is_answered_with_the_known_and_the_nearest(
    scratch: Scratch, settings: Path
) -> None:
    said = refusal(scratch, "compile", "--pipeline", "screning", "--file", settings)

    assert (
        "(known: batch_prediction, screening, training); received screning. Did you mean screening?"
        in said
    )


def test_a_schedule_keeps_it(scratch: Scratch, settings: Path) -> None:
    scratch.sightline(
        *("schedule", "create", "nightly", "--cron", "30 2 * * *", "--time-zone", "UTC"),
        *("--pipeline", "screening", "--file", settings),
    )

    shown = scratch.sightline("schedule", "show", "nightly", "--file", settings)

    assert "Pipeline: screening" in shown
