"""A number per image through all stages, on pictures of discs whose number is known."""

import base64
import csv
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sightline import Client
from tests.sightline.command_line import run_in_one_process, sightline
from tests.sightline.problems.regression.discs import draw_discs
from tests.sightline.serving.running import serving_folder

pytestmark = [pytest.mark.slow, pytest.mark.long]

SETTINGS = """
pipeline: {name: discs}
ingest: {source: discs/counts.csv, problem: regression, value_name: discs}
label_check: {fail_on: never}
preprocess: {image_size: 48, test_share: 0.2}
train: {recipe: scratch, weights: none, epochs: 10, batch_size: 16}
evaluate: {max_mean_error: 0.45}
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose pipeline has learned to count."""
    folder = tmp_path_factory.mktemp("counting")
    draw_discs(folder / "discs", 500)
    (folder / "sightline.yaml").write_text(SETTINGS, encoding="utf-8")
    ended = run_in_one_process("--file", folder / "sightline.yaml")
    assert ended.code == 0, ended.out + ended.err
    return folder


def artifact(folder: Path, pattern: str) -> dict[str, Any]:
    (found,) = folder.glob(f".sightline/runs/*/artifacts/{pattern}")
    document: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return document


def test_counting_is_within_a_tenth_and_beats_the_median_by_far(counted: Path) -> None:
    said = artifact(counted, "evaluate/evaluation/evaluation.json")

    assert said["problem"] == "regression" and said["classes"] == []
    assert said["decision"] == "deploy"
    mean_count = 4.5
    assert said["metrics"]["mean_absolute_error"]["value"] <= 0.1 * mean_count
    assert said["metrics"]["error_reduction"]["low"] > 0.7
    assert said["headline"][0]["name"] == "mean_absolute_error"
    assert said["headline"][0]["higher_is_better"] is False


def test_what_is_exported_answers_in_the_users_unit(counted: Path) -> None:
    parity = artifact(counted, "export/bundle/parity.json")

    for model in parity["models"]:
        assert model["max_difference"] < 0.02 or model["engine"] == "litert-int8"
    golden = artifact(counted, "export/bundle/golden.json")["requests"]
    values = [one["expected"]["value"] for one in golden]
    assert min(values) < 2.5 and max(values) > 6.5
    assert artifact(counted, "export/bundle/bundle.json")["about"]["name"] == "discs"


def test_a_server_says_the_number_over_http(counted: Path) -> None:
    table = (counted / "discs/counts.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(table))[:20]
    photos = [counted / "discs" / row["image"] for row in rows]

    with serving_folder(counted / ".sightline/models/discs") as address:
        answers = Client(address).predict(photos)
        encoded = base64.b64encode(photos[0].read_bytes()).decode()
        reply = httpx.post(
            f"{address}/v1/models/discs:predict", json={"instances": [{"b64": encoded}]}
        )

    errors = [
        abs(answer.content["value"] - int(row["discs"]))
        for answer, row in zip(answers, rows, strict=True)
    ]
    assert sum(errors) / len(errors) < 1.0
    (prediction,) = reply.json()["predictions"]
    assert set(prediction) == {"value", "unit"}
    assert abs(prediction["value"] - answers[0].content["value"]) < 0.01


def test_pages_of_a_kind_without_classes_name_none(counted: Path) -> None:
    (report,) = counted.glob(".sightline/runs/*/report.html")

    for page in report.parent.glob("report-*.html"):
        text = page.read_text(encoding="utf-8")
        assert "0 classes" not in text, page
    ingest = (report.parent / "report-ingest.html").read_text(encoding="utf-8")
    assert "Discs, per image." in ingest and "median" in ingest
    preprocess = (report.parent / "report-preprocess.html").read_text(encoding="utf-8")
    assert "Images per range and split." in preprocess


def test_images_of_a_kind_without_classes_can_be_frozen_and_compared(counted: Path) -> None:
    project = counted / "sightline.yaml"

    for command in (("data", "diff"), ("compare",), ("data", "freeze")):
        ended = sightline(*command, "--file", project)
        assert "Traceback" not in ended.out, ended.out
