"""What the stages leave for the pipeline UIs, held against what their viewers read."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from kfp import dsl

from tests.end_to_end.executor_contract import Rehearsal
from tests.end_to_end.launcher import read_output
from tests.end_to_end.rehearsals import STAGES, finished
from tests.end_to_end.sandboxed_frame import Shown, browser, show

pytestmark = [pytest.mark.docker, pytest.mark.slow]

MOST_BYTES_OF_A_REPORT = 5_000_000


def test_metrics_are_numbers_that_the_table_shows(on_kubeflow: Rehearsal) -> None:
    tables = artifacts(on_kubeflow, "system.Metrics")

    assert {name.split(".")[0] for name in tables} >= {"train", "evaluate"}
    for _, metadata in tables.values():
        assert metadata
        assert all(isinstance(value, float) for value in metadata.values()), metadata
        assert all(math.isfinite(value) for value in metadata.values()), metadata


def test_classification_metrics_are_what_kfps_own_class_writes(on_kubeflow: Rehearsal) -> None:
    shown = artifacts(on_kubeflow, "system.ClassificationMetrics")
    (place, _) = artifacts(on_kubeflow, "system.Artifact")["evaluate.evaluation"]
    measured = json.loads((place / "evaluation.json").read_text())
    expected = dsl.ClassificationMetrics()
    expected.log_confusion_matrix(measured["classes"], measured["confusion_matrix"])
    expected.log_roc_curve(
        *(
            [point[name] for point in measured["roc_curve"]]
            for name in ("false_positive_rate", "true_positive_rate", "threshold")
        )
    )

    (_, metadata) = shown["evaluate.classification"]

    assert list(shown) == ["evaluate.classification"]
    assert metadata == as_message(expected.metadata)


def as_message(metadata: dict[str, Any]) -> dict[str, Any]:
    message = struct_pb2.Struct()
    message.update(metadata)
    return json_format.MessageToDict(message)


@pytest.mark.skipif(browser() is None, reason="no Chromium on this machine")
def test_reports_show_in_the_frame_of_the_pipeline_ui(
    on_kubeflow: Rehearsal, tmp_path: Path
) -> None:
    reports = {
        name: place.read_text(encoding="utf-8")
        for name, (place, _) in artifacts(on_kubeflow, "system.HTML").items()
    }

    seen = show(reports, tmp_path / "reports.png")

    assert len(reports) == len(STAGES)
    assert seen == Shown(complaints=(), blank=())
    assert max(map(len, reports.values())) < MOST_BYTES_OF_A_REPORT


def artifacts(rehearsal: Rehearsal, kind: str) -> dict[str, tuple[Path, dict[str, Any]]]:
    """Place and metadata of every artifact of a kind, by task and name."""
    return {
        f"{task.name}.{name}": (
            done.places[name],
            json_format.MessageToDict(read_output(done.output).artifacts[name].artifacts[0]).get(
                "metadata", {}
            ),
        )
        for task in rehearsal.plan.tasks.values()
        for name, declared in task.output_artifacts.items()
        if declared.title == kind
        for done in [finished(task, rehearsal)]
    }
