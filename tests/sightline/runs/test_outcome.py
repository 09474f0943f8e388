"""What came out of a run is read from what its artifacts say, whatever the tasks are called."""

from pathlib import Path
from typing import Any

import pytest

from sightline.ground.outcome import Outcome
from sightline.runs.facts import facts_of
from sightline.runs.outcome import outcome_of
from sightline.runs.records import PortsRecord, RunRecord
from tests.sightline.run_records import ACCURACY, artifact, finished_run, task


def run_of(root: Path, **said: dict[str, Any]) -> RunRecord:
    """A run whose tasks made one artifact each, with this metadata."""
    record = finished_run(root)
    made = {
        name: PortsRecord(
            artifacts={"made": artifact(record.folder, name, "made", "Artifact", **facts)}
        )
        for name, facts in said.items()
    }
    record.tasks = {name: task(record.folder, name, outputs=made[name]) for name in said}
    return record


def test_the_parts_of_an_outcome_are_told_by_their_keys_and_not_by_tasks(tmp_path: Path) -> None:
    rmse = {"name": "rmse", "label": "Test error", "value": 2.5, "higher_is_better": False}
    record = run_of(
        tmp_path,
        gather={"num_images": 1000, "num_refused": 6},
        clean={"num_images": 990},
        learn={"recipe": "frozen", "num_images": 800},
        judge={"decision": "deploy", "reasons": "Good.", "num_images": 90, "headline": [rmse]},
        serve={"version": 4, "live": True, "folder": "/models"},
    )

    found = outcome_of(record)

    assert dict(found.facts()) == {
        "Decision": "deploy. Good.",
        "Test error": "2.500 on 90 test images",
        "Images": "1,000, 6 refused",
    }
    assert (found.recipe, found.put_live, found.model_folder) == ("frozen", 4, "/models")


def test_figures_over_folds_stand_behind_those_of_the_test_split(tmp_path: Path) -> None:
    over = {
        "name": "cross_validated_accuracy",
        "label": "Accuracy over 5 folds",
        "value": 0.87,
        "deviation": 0.02,
        "low": 0.81,
        "high": 0.91,
    }
    record = run_of(
        tmp_path,
        learn={"recipe": "frozen", "cross_validated": [over]},
        judge={"decision": "deploy", "num_images": 20, "headline": [ACCURACY]},
    )

    found = outcome_of(record)

    assert dict(found.facts())["Accuracy over 5 folds"] == "0.870 ± 0.020 (0.810 to 0.910)"
    assert found.figure is not None
    assert found.figure.name == "accuracy"
    assert [one.name for one in found.shown] == ["accuracy", "cross_validated_accuracy"]


def test_a_task_that_tells_of_all_others_does_not_take_their_place(tmp_path: Path) -> None:
    record = run_of(
        tmp_path,
        tell={"decision": "deploy", "num_images": 1000, "num_refused": 6, "accuracy": 0.9,
              "num_test_images": 90},
        judge={"decision": "deploy", "num_images": 90, "headline": [ACCURACY]},
    )  # fmt: skip

    found = facts_of(record)

    assert [figure.value for figure in found.outcome.headline] == [0.975]
    assert found.outcome.num_test_images == 90


def test_a_run_from_before_figures_had_names_shows_its_accuracy(tmp_path: Path) -> None:
    record = finished_run(tmp_path)
    old = {"accuracy": 0.9, "accuracy_low": 0.85, "accuracy_high": 0.94, "num_images": 180}
    for made in record.tasks["evaluate"].outputs.artifacts.values():
        made.metadata = old if made.name == "metrics" else {"reasons": "Good enough."}

    found = outcome_of(record)

    assert dict(found.facts()) == {
        "Decision": "deploy. Good enough.",
        "Test accuracy": "0.900 (0.850 to 0.940) on 180 test images",
    }


def test_a_model_that_was_held_back_is_not_called_live(tmp_path: Path) -> None:
    old = run_of(tmp_path, deploy={"version": 3, "live": False})

    found = outcome_of(old)

    assert (found.version, found.put_live) == (3, None)
    assert found.held_back == "This model was rolled back."


@pytest.mark.parametrize("version", ["3", 3, 3.0])
def test_a_version_is_a_number_however_a_store_writes_it(tmp_path: Path, version: object) -> None:
    record = run_of(tmp_path, deploy={"version": version, "live": True})

    assert outcome_of(record).put_live == 3


def test_what_the_artifacts_do_not_say_is_taken_from_the_exit_task(tmp_path: Path) -> None:
    record = run_of(tmp_path, learn={"recipe": "frozen"})
    record.outcome = Outcome(decision="hold", recipe="scratch", num_images=12)

    found = outcome_of(record)

    assert (found.decision, found.recipe, found.num_images) == ("hold", "frozen", 12)
