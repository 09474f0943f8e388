from pathlib import Path

import pytest

from sightline.runs.records import PortsRecord
from sightline.views.summary import summarize
from tests.sightline.run_records import artifact, finished_run, task


def test_a_run_that_decided_says_what_came_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    record = finished_run(tmp_path)

    text = summarize(record, options="")

    assert text.splitlines()[:3] == [
        "Decision:      deploy. Accuracy 0.975 is at least 0.95.",
        "Test accuracy: 0.975 (0.950 to 0.990) on 180 test images",
        "Report:        runs/20261121-200000-abc/report.html",
    ]


def test_a_deployed_model_comes_with_the_commands_to_use_it(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    deployment = artifact(
        record.folder,
        "deploy",
        "deployment",
        "Artifact",
        version=3,
        live=True,
        folder=str(tmp_path / "m"),
    )
    record.tasks["deploy"] = task(
        record.folder, "deploy", outputs=PortsRecord(artifacts={"deployment": deployment})
    )

    text = summarize(record, options=" --file demo/sightline.yaml")

    assert f"Model:         version 3 is live in {tmp_path / 'm'}" in text
    assert "sightline serve --file demo/sightline.yaml" in text
    assert "sightline rollback --file demo/sightline.yaml" in text


def test_a_model_that_was_rolled_back_is_not_called_live(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    deployment = artifact(
        record.folder, "deploy", "deployment", "Artifact", version=1, live=False, folder="m",
        held_back="This bundle was rolled back today.",
    )  # fmt: skip
    record.tasks["deploy"] = task(
        record.folder, "deploy", outputs=PortsRecord(artifacts={"deployment": deployment})
    )

    text = summarize(record, options="")

    assert "Model:         version 1 stays live. This bundle was rolled back today." in text
    assert "sightline serve" not in text


def test_a_failed_run_comes_with_the_command_to_continue(tmp_path: Path) -> None:
    record = finished_run(tmp_path, status="failed", failure="train failed")

    text = summarize(record, options="")

    assert f"sightline run --resume {record.id}" in text
    assert "With other settings:       sightline run\n" in text


def test_after_a_time_out_a_new_run_is_suggested(tmp_path: Path) -> None:
    record = finished_run(tmp_path, status="failed", failure="train took too long")
    record.tasks["train"].exit_code = 124

    text = summarize(record, options="")

    assert "With a longer time-out:  sightline run" in text
    assert "--resume" not in text


def test_the_files_of_mistakes_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record = finished_run(tmp_path)
    evaluation = artifact(record.folder, "evaluate", "evaluation", "Artifact", num_mistakes=1200)
    record.tasks["evaluate"].outputs.artifacts["evaluation"] = evaluation

    text = summarize(record, options="")

    place = Path(evaluation.uri).relative_to(tmp_path)
    assert f"Mistakes:      1,200, with their files in {place}/mistakes.csv" in text


def test_every_warning_of_a_task_is_said(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    report = record.tasks["train"].outputs.artifacts["report"]
    report.metadata = {"warnings": ["No validation split.", "One class is rare."]}

    lines = summarize(record, options="").splitlines()

    at = lines.index("Warnings:      train: No validation split.")
    assert lines[at + 1] == "               train: One class is rare."
