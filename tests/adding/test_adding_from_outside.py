"""The package of docs/extending.md, installed beside Sightline, of which no file is edited."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.adding.environment import Environment
from tests.data import photo_folder

pytestmark = [pytest.mark.slow, pytest.mark.long]  # commands in processes of their own train

PAGE = Path(__file__).parents[2] / "docs/extending.md"
FILE = re.compile(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAVED = (
    "import keras; keras.utils.set_random_seed(1); from acme_vision.tiny import Tiny; "
    "Tiny().build(image_size=32, pooling='avg').save_weights(Tiny.weights)"
)
SETTINGS = """
pipeline: {name: birds}
ingest: {source: photos, problem: species}
label_check: {fail_on: never}
preprocess: {image_size: 32, validation_share: 0.3, test_share: 0.2}
balance: {max_ratio: 2}
train: {recipe: means, epochs: 2, weights: auto, augment: none, augmentations: [rain share=0.4]}
"""


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the package of the page, and the weights that it brings."""
    there = Environment(tmp_path_factory.mktemp("site-packages"))
    files = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    project = tomllib.loads(files.pop("pyproject.toml"))["project"]
    there.install(project["name"], project["entry-points"], **files)
    done = there.python("-c", SAVED)
    assert done.returncode == 0, done.stderr
    return there


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("birds")
    photo_folder(folder / "photos", **{"finch (female)": 8, "finch (male)": 10, "owl": 8})
    (folder / "sightline.yaml").write_text(SETTINGS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def record(acme: Environment, project: Path) -> dict[str, Any]:
    """The record of a run of the package's pipeline, with its stage, problem and recipe."""
    acme.sightline("run", "--pipeline", "balanced", cwd=project)
    return last_run(project)


def last_run(project: Path) -> dict[str, Any]:
    run = max((project / ".sightline/runs").iterdir())
    found: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return found


def made(record: dict[str, Any], task: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = record["tasks"][task]["outputs"]["artifacts"][name]
    return found


def test_its_kind_of_problem_reads_the_labels(record: dict[str, Any]) -> None:
    dataset = Path(made(record, "ingest", "dataset")["uri"])

    told = json.loads((dataset / "dataset.json").read_text(encoding="utf-8"))
    assert told["problem"] == "species"
    assert told["class_counts"] == {"finch": 18, "owl": 8}


def test_its_stage_runs_in_its_pipeline_with_its_settings(record: dict[str, Any]) -> None:
    assert record["tasks"]["balance"]["status"] == "succeeded"
    assert made(record, "balance", "balanced")["metadata"]["num_left_out"] == 2


def test_its_recipe_trains_and_its_page_says_what_it_is(record: dict[str, Any]) -> None:
    model = Path(made(record, "train", "model")["uri"])
    page = Path(made(record, "train", "report")["uri"]).read_text(encoding="utf-8")

    assert json.loads((model / "model.json").read_text(encoding="utf-8"))["recipe"] == "means"
    assert "a head on mean colours" in page


def test_its_augmentation_is_on_the_sheet_of_variants(record: dict[str, Any]) -> None:
    page = Path(made(record, "train", "report")["uri"]).read_text(encoding="utf-8")

    assert "At most, either way: rain (strength 0.3, share 0.4)" in page
    assert page.count("variant 5") == 2


def test_its_metric_is_measured_and_decides_where_it_is_asked_to(
    acme: Environment, record: dict[str, Any], tmp_path: Path
) -> None:
    places = {
        name: made(record, task, name)["uri"]
        for task, name in (("train", "model"), ("preprocess", "records"), ("balance", "balanced"))
    }
    features = made(record, "label-check", "features")["uri"]
    ports = ("evaluation", "metrics", "classification", "decision", "report")
    outputs = [f"--{port}={tmp_path / port}" for port in ports]
    inputs = [f"--model={places['model']}", f"--records={places['records']}"]
    inputs += [f"--dataset={places['balanced']}", f"--features={features}"]
    wanted = (
        "--min-accuracy=0",
        "--beat-chance=false",
        '--own-metrics=["cost"]',
        "--headline=cost",
    )
    done = acme.python(
        "-m", "components.evaluate", *inputs, *outputs, *wanted, '--require=["cost <= -1"]'
    )

    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "evaluation/evaluation.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in told["headline"]] == ["cost", "accuracy"]
    assert told["metrics"]["cost"]["low"] <= told["metrics"]["cost"]["value"]
    failed = [rule["name"] for rule in told["checks"] if rule["outcome"] == "failed"]
    assert (told["decision"], failed) == ("hold", ["cost"])
    page = (tmp_path / "report").read_text(encoding="utf-8")
    assert "a missed owl costs five, any other mistake one; lower is better" in page


def test_settings_of_its_parts_are_checked_before_a_run(acme: Environment, tmp_path: Path) -> None:
    def said(*settings: str) -> str:
        options = [one for setting in settings for one in ("--set", setting)]
        return acme.refusal("compile", *options, cwd=other(tmp_path))

    assert "rain strength: Input should be less than or equal to 1; received '2'" in said(
        'train.augmentations=["rain strength=2"]'
    )
    assert "Write cost <= 1" in said(
        'evaluate.own_metrics=["cost"]', 'evaluate.require=["cost >= 1"]'
    )


def test_its_backbone_brings_its_weights_and_their_licence(
    acme: Environment, project: Path, record: dict[str, Any]
) -> None:
    options = ("--set", "train.recipe=frozen", "--set", "train.backbone=Tiny")

    acme.sightline("run", "--pipeline", "balanced", *options, cwd=project)

    model = Path(made(last_run(project), "train", "model")["uri"])
    backbone = json.loads((model / "model.json").read_text(encoding="utf-8"))
    assert "Acme, on photographs of its own, by way of the package acme-vision 1.0" in str(backbone)
    assert "Apache-2.0" in str(backbone)


def test_its_code_is_a_part_of_what_the_cache_knows(acme: Environment) -> None:
    code = (
        "from sightline.ground.plugins.entry_points import folders_read_by as read; "
        "print([[path.name for path in read(stage)] for stage in ('train', 'evaluate', 'ingest')])"
    )
    there = Environment(acme.packages.parent / "another")
    for name, group in (("alone", "recipes"), ("rainy", "augmentations"), ("dear", "metrics")):
        entry = {f"sightline.{group}": {"own": f"{name}:Own"}}
        there.install(name, entry, **{f"{name}.py": ""})

    everywhere = [["acme_vision"]] * 3
    assert acme.python("-c", code).stdout == f"{everywhere}\n"
    assert there.python("-c", code).stdout == "[['alone.py', 'rainy.py'], ['dear.py'], []]\n"


def test_doctor_and_editors_know_everything(acme: Environment, project: Path) -> None:
    code = "from sightline.start.doctor import check_extensions as c; print(c())"

    found = acme.python("-c", code).stdout
    schema = json.loads(acme.sightline("schema", cwd=project))["properties"]

    assert "state='ok'" in found
    assert (
        "acme-vision 1.0: augmentation rain, backbone Tiny, metric cost, pipeline balanced, "
        in found
    )
    assert "means" in str(schema["train"]["properties"]["recipe"])
    assert "max_ratio" in schema["balance"]["properties"]


def test_a_name_that_two_packages_use_is_refused_where_it_is_asked_for(
    tmp_path: Path, project: Path
) -> None:
    there = Environment(tmp_path)
    for name in ("first", "second"):
        there.install(name, {"sightline.recipes": {"same": f"{name}:Recipe"}})
    there.install("third", {"sightline.recipes": {"frozen": "third:Recipe"}})
    code = "from sightline.start.doctor import check_extensions as c; print(c().remedy)"

    def asked(recipe: str) -> str:
        return there.refusal("compile", "--set", f"train.recipe={recipe}", cwd=other(tmp_path))

    assert "received first 1.0 and second 1.0. Rename one of them" in asked("same")
    assert "received Sightline and third 1.0." in asked("frozen")
    assert "first 1.0 and second 1.0" in there.python("-c", code).stdout
    there.sightline("compile", "--set", "train.recipe=scratch", cwd=other(tmp_path))


def test_a_package_that_does_not_import_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    there = Environment(tmp_path)
    groups = {f"sightline.{group}": {"own": "lost"} for group in ("problems", "stages")}
    classes = {f"sightline.{group}": {"own": "lost:Own"} for group in ("recipes", "backbones")}
    there.install("lost", {**groups, **classes}, **{"lost.py": "import nowhere_to_be_found\n"})

    for setting in ("train.recipe", "train.backbone"):
        said = there.refusal("compile", "--set", f"{setting}=own", cwd=other(tmp_path))
        assert "Package lost 1.0: expected to import lost:Own" in said
        assert "No module named 'nowhere_to_be_found'. Repair or uninstall the package." in said
    there.sightline("compile", cwd=other(tmp_path))


def other(folder: Path) -> Path:
    """A project without anything of a package."""
    (folder / "sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    return folder
