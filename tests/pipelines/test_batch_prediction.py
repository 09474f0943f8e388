"""The pipeline of a batch: compiled for every kind of target, and run on this machine."""

import csv
import importlib
from pathlib import Path

import pytest
import yaml

from pipelines.batch_prediction import SHARDS_AT_ONCE
from sightline.package.compile import compile_project
from sightline.package.pipelines import choose_pipeline
from sightline.package.reading.plan import Collected, FromTask, Loop
from sightline.package.reading.specification import read_documents, read_plan
from sightline.project.settings import load_project
from sightline.runs.records import RunRecord
from sightline.targets.local.store import find_run
from tests.pipelines.golden.packages import SETTINGS, fake_images
from tests.sightline.command_line import Ended, sightline
from tests.sightline.lint.packages import linted
from tests.sightline.serving.served import grey, lay_version

PROJECT = """
pipeline: {name: shop}
predict: {source: photos, images_per_shard: 2}
"""
PLACES = {"kfp": "s3://photos/new", "vertex": "gs://flowers-bucket/new"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_version(tmp_path / ".sightline/models/shop", 1)
    (tmp_path / "photos").mkdir()
    for number in range(5):
        (tmp_path / f"photos/{number}.png").write_bytes(grey(50 * number))
    (tmp_path / "photos/2.png").write_bytes(b"hello")
    (tmp_path / "sightline.yaml").write_text(PROJECT)
    return tmp_path


def run(*words: object) -> tuple[Ended, RunRecord]:
    ended = sightline("run", "--pipeline", "batch_prediction", "--launcher", "inline", *words)
    return ended, find_run(Path(".sightline"))


@pytest.mark.slow  # six tasks, twice
def test_a_batch_is_answered_in_shards_and_shown(project: Path) -> None:
    # As a debugger or another test has: a module that is here already runs all the same.
    importlib.import_module("components.predict.fingerprint_batch")

    ended, record = run()

    table = record.artifact_path("collect", "predictions") / "predictions.csv"
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert ended.code == 0, ended.err
    assert [row["class_name"] for row in rows] == ["dark", "dark", "", "light", "light"]
    assert [name for name in record.tasks if name.startswith("predict")] == [
        *("predict.0", "predict.1", "predict.2"),
    ]
    assert "Images:        5, 1 refused" in ended.out
    shown = sightline("show", record.id)
    assert shown.code == 0
    assert "predict.2" in shown.out
    assert (record.folder / "report-collect.html").is_file()

    again, record = run()

    assert again.code == 0
    assert {task.status for name, task in record.tasks.items() if name != "fingerprint-batch"} == {
        "reused"
    }


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_a_batch_compiles_for_clusters_without_findings(tmp_path: Path, target: str) -> None:
    package = tmp_path / "batch.yaml"
    choice = choose_pipeline("batch_prediction")
    source = f"predict.source={PLACES[target]}"
    mounted = {**yaml.safe_load(SETTINGS.read_text("utf-8")), "resources": {}}
    if target == "kfp":
        volumes = mounted["targets"]["kfp"]["kubernetes"]["volumes"]
        volumes[0]["stages"] = ["predict"]
    (tmp_path / "sightline.yaml").write_text(yaml.safe_dump(mounted))

    project = load_project(tmp_path / "sightline.yaml", [source], target, choice)
    compile_project(project, package, images=fake_images(project.target))

    plan = read_plan(package)
    assert linted(target, read_documents(package)) == []
    assert plan.tasks["predict"].loop == Loop(
        "for-loop-1", FromTask("shard", "shards"), SHARDS_AT_ONCE
    )
    assert plan.tasks["collect"].lists["answers"] == Collected(("predict",), "answers")
