"""Artifacts of a Kubeflow run, read from a real S3 server with the user's own credentials."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sightline.command_line import sightline
from tests.sightline.commands.clusters import write_project
from tests.sightline.targets.kfp.server import kubeflow_server
from tests.sightline.targets.kfp.test_outputs import OUTCOME, leave_artifacts

pytestmark = pytest.mark.slow
ON = ("--target", "cluster")


@pytest.fixture
def runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_bucket: str
) -> Iterator[tuple[str, str]]:
    """Ids of two runs that ended, with what their stages left in the store."""
    monkeypatch.chdir(tmp_path)
    with kubeflow_server() as server:
        settings = write_project(tmp_path, kubeflow=server.address, vertex="http://127.0.0.1:9")
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("s3://bucket/runs", f"s3://{s3_bucket}"), encoding="utf-8")
        for number in (1, 2):
            epochs = ("--set", f"train.epochs={number}")
            assert sightline("submit", *ON, "--name", f"flowers-{number}", *epochs).code == 0
        ids = list(server.runs.runs)
        for run_id in ids:
            server.runs.finish(run_id, "SUCCEEDED")
            leave_artifacts(s3_bucket, run_id, tmp_path, OUTCOME)
        yield ids[0], ids[1]


def test_a_run_shows_its_figures_and_where_everything_is(runs: tuple[str, str]) -> None:
    ended = sightline("show", runs[0], *ON)

    assert ended.code == 0, ended.err
    assert "Decision: deploy. Accuracy 0.972 is at least 0.85." in ended.out
    assert "Test accuracy: 0.972 (0.944 to 0.986)" in ended.out
    lines = ended.out.splitlines()
    assert any(line.startswith("Artifacts: s3://") and runs[0] in line for line in lines)
    assert any(line.startswith("  train/") and line.endswith("/model") for line in lines)


def test_pages_and_artifacts_can_be_downloaded(runs: tuple[str, str]) -> None:
    listed = json.loads(sightline("artifacts", runs[0], "--json", *ON).out)
    pages = sightline("artifacts", runs[0], "--reports", "--download", "pages", *ON)
    model = sightline("artifacts", runs[0], "train/model", "--download", "models", *ON)

    assert {"ingest", "train", "evaluate", "deploy"} <= {one["task"] for one in listed}
    assert (pages.code, model.code) == (0, 0), pages.err + model.err
    assert Path(f"pages/{runs[0]}/ingest/report.html").read_bytes() == b"{}"
    assert Path(f"models/{runs[0]}/train/model/model.json").read_bytes() == b"{}"


def test_two_runs_are_put_side_by_side(runs: tuple[str, str]) -> None:
    ended = sightline("compare", *runs, *ON)

    assert ended.code == 0, ended.err
    assert "train.epochs" in ended.out
    assert "evaluate.f1_macro" in ended.out
    assert "Test images were not compared" in ended.out


def test_what_came_out_is_there_for_programs(runs: tuple[str, str]) -> None:
    found = json.loads(sightline("show", runs[0], "--json", *ON).out)["outcome"]

    assert (found["decision"], found["headline"][0]["value"]) == ("deploy", 0.972)


def test_a_listing_has_the_decision_and_the_first_figure(runs: tuple[str, str]) -> None:
    listed = sightline("runs", *ON)
    facts = json.loads(sightline("runs", "--json", *ON).out)

    assert "Decision" in listed.out
    assert listed.out.count("deploy  ") == 2
    assert [one["figures"]["accuracy"]["value"] for one in facts] == [0.972] * 2
    assert listed.err == ""


def test_a_listing_needs_no_store(runs: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    listed = sightline("runs", *ON)

    assert listed.code == 0
    assert "flowers-1" in listed.out
    assert len(listed.err.splitlines()) == 1, listed.err
    assert listed.err.startswith("Warning: Artifacts in s3://")
