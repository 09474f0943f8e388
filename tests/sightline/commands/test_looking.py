import json
from pathlib import Path

import pytest

from sightline.project.settings import load_project
from tests.bundles import add_version
from tests.sightline.command_line import sightline
from tests.sightline.run_records import finished_run

RUN = "20261121-200000-abc"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    finished_run(tmp_path / ".sightline", "20261121-190000-old", status="failed")
    finished_run(tmp_path / ".sightline", RUN)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_runs_lists_the_newest_first() -> None:
    ended = sightline("runs")

    header, first, second = ended.out.splitlines()
    assert header.split() == ["Run", "Status", "Time", "Reused", "Decision", "Test", "accuracy"]
    assert first.split() == [RUN, "succeeded", "1", "min", "5", "s", "1/2", "deploy", "0.975"]
    assert second.startswith("20261121-190000-old")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", ["runs", "show"])
def test_tables_that_are_piped_have_no_blanks_at_the_end(command: str) -> None:
    lines = sightline(command).out.splitlines()

    assert lines
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.usefixtures("project")
def test_runs_as_json_is_for_programs() -> None:
    found = json.loads(sightline("runs", "--json").out)

    assert [run["id"] for run in found] == [RUN, "20261121-190000-old"]
    assert found[0]["figures"]["accuracy"]["value"] == 0.975
    assert found[0]["figures"]["accuracy"]["label"] == "Test accuracy"


def test_a_run_that_cannot_be_read_is_named_and_does_not_hide_the_others(project: Path) -> None:
    broken = project / ".sightline/runs/20261121-180000-bad"
    broken.mkdir()
    (broken / "run.json").write_text('{"schema": "sightline.run", "schema_version": 99}')

    ended = sightline("runs")

    assert RUN in ended.out
    assert "20261121-180000-bad: " in ended.err
    assert "version 99" in ended.err


def test_no_runs_yet_says_how_to_start_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")

    assert "sightline run" in sightline("runs").out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("run", ["latest", RUN, "20261121-2", "abc"])
def test_show_takes_latest_an_id_or_a_unique_part(run: str) -> None:
    ended = sightline("show", run)

    assert ended.out.startswith(f"Run {RUN}: succeeded, 1 min 5 s")
    assert "Decision: deploy. Accuracy 0.975 is at least 0.95." in ended.out
    assert "Test accuracy: 0.975 (0.950 to 0.990)" in ended.out
    assert "artifacts/train/model" in ended.out


@pytest.mark.usefixtures("project")
def test_show_as_json_is_the_record() -> None:
    found = json.loads(sightline("show", "--json").out)

    assert (found["schema"], found["schema_version"]) == ("sightline.run", 1)
    assert found["tasks"]["train"]["compute_seconds"] == 1.0


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("run", "expected"),
    [("nope", "See `sightline runs`"), ("20261121", "fits 2 runs")],
)
def test_an_unknown_run_is_one_clear_message(run: str, expected: str) -> None:
    ended = sightline("show", run)

    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert expected in ended.err


@pytest.mark.usefixtures("project")
def test_why_explains_one_task_or_all() -> None:
    one, every = sightline("why", "latest", "train"), sightline("why")

    assert "settings: epochs 5 -> 6" in one.out
    assert "evaluate" not in one.out
    assert "evaluate: Reused from run 20261120-100000-xyz" in every.out


@pytest.mark.usefixtures("project")
def test_why_of_an_unknown_task_names_the_nearest() -> None:
    ended = sightline("why", "latest", "trian")

    assert ended.code == 2
    assert "Did you mean `train`?" in ended.err


@pytest.mark.usefixtures("project")
def test_why_as_json_is_for_programs() -> None:
    found = json.loads(sightline("why", "--json").out)

    assert list(found) == ["train", "evaluate"]


def test_schema_is_json_that_knows_every_section() -> None:
    found = json.loads(sightline("schema").out)

    assert found["properties"]["train"]["properties"]["epochs"]["minimum"] == 1
    assert found["properties"]["ingest"]["required"] == ["source"]
    assert found["properties"]["deploy"]["required"] == []
    assert set(found["properties"]["resources"]["properties"]) >= {"ingest", "train"}


def test_verify_reads_everything_and_ends_with_1_where_something_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text("ingest: {source: photos}\n", encoding="utf-8")
    folder = load_project(Path("sightline.yaml")).model_folder
    graph = add_version(folder, 1) / "saved_model.pb"
    whole = sightline("verify")
    graph.write_bytes(b"another")

    damaged = sightline("verify")

    assert (whole.code, damaged.code) == (0, 1)
    assert whole.out.startswith("Everything is as it was written")
    assert damaged.out.count("\n") == 1
    assert "missing or changed: saved_model.pb" in damaged.out


@pytest.mark.usefixtures("project")
def test_a_run_is_found_by_a_part_in_the_middle_of_its_id() -> None:
    assert sightline("show", "1-2000").out.startswith(f"Run {RUN}: succeeded")
