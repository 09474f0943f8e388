"""Every stage in its real container, with what Kubeflow and Vertex AI give it and read from it.

One file, for its tests share the rehearsals and so have to run in one process.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from kfp import dsl

from sightline.package.reading.plan import Plan
from sightline.targets.local.runner.values import inputs_of
from tests.end_to_end.executor_contract import Finished, Rehearsal
from tests.end_to_end.launcher import as_stored, read_output
from tests.end_to_end.rehearsals import (
    MODELS_IN_A_BUCKET,
    STAGES,
    contents,
    each_stage,
    each_stage_on_each_cluster,
    events,
    finished,
    tasks_of,
)
from tests.end_to_end.sandboxed_frame import Shown, browser, show

pytestmark = [pytest.mark.docker, pytest.mark.slow]

MOST_BYTES_OF_METADATA = 200_000
"""What Vertex AI keeps of one artifact (google.cloud.aiplatform_v1.types.Artifact.metadata)."""
MOST_BYTES_OF_AN_ARGUMENT = 128 * 1024
"""What Linux hands to a process in one argument, and the message is one."""
MOST_BYTES_OF_A_REPORT = 5_000_000


@each_stage
def test_kubernetes_can_tell_that_an_image_does_not_run_as_root(
    stage: str, docker_engine, stage_images, plan: Plan
) -> None:
    for task in tasks_of(stage, plan):
        user = docker_engine.images.get(task.image).attrs["Config"]["User"]

        # kubelet refuses a name where the pod says runAsNonRoot.
        assert int(user) > 0


@each_stage_on_each_cluster
def test_a_stage_answers_what_the_launcher_reads(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)

        answer = read_output(done.output)

        asked = done.message["outputs"]
        assert set(answer.artifacts) == set(asked["artifacts"])
        assert {name: item.artifacts[0].uri for name, item in answer.artifacts.items()} == {
            name: item["artifacts"][0]["uri"] for name, item in asked["artifacts"].items()
        }
        assert {
            name: item.WhichOneof("kind") for name, item in answer.parameter_values.items()
        } == dict.fromkeys(task.output_parameters, "string_value")


@each_stage_on_each_cluster
def test_every_declared_output_is_a_file_where_the_launcher_looks(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)

        found = {name: contents(place) for name, place in done.places.items()}

        assert [name for name, content in found.items() if not content] == []
        answer = json_format.MessageToDict(read_output(done.output)).get("parameterValues", {})
        assert {name: done.places[name].read_text() for name in task.output_parameters} == answer


@each_stage_on_each_cluster
def test_a_stage_leaves_nothing_beside_its_outputs(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)
        own = {*done.places.values(), done.output}

        folders = {place.parent for place in own}

        assert {path for folder in folders for path in folder.iterdir()} == own


@each_stage_on_each_cluster
def test_metadata_fits_into_the_stores_of_both_engines(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        done = finished(task, run)

        for name, item in read_output(done.output).artifacts.items():
            as_stored(item.artifacts[0].metadata, name)
            assert item.artifacts[0].metadata.ByteSize() < MOST_BYTES_OF_METADATA
        assert len(json.dumps(done.message)) < MOST_BYTES_OF_AN_ARGUMENT


@each_stage_on_each_cluster
def test_the_log_has_one_first_and_one_last_event(
    cluster: str, stage: str, rehearse: Callable[[str], Rehearsal]
) -> None:
    run = rehearse(cluster)

    for task in tasks_of(stage, run.plan):
        names = [event.get("event") for event in events(finished(task, run))]

        assert (names[0], names[-1]) == ("started", "finished")


def test_a_model_is_deployed_into_a_mounted_bucket(on_kubeflow: Rehearsal, tmp_path: Path) -> None:
    task = on_kubeflow.plan.tasks["deploy"]
    inputs = inputs_of(task, on_kubeflow.run).model_copy(deep=True)
    inputs.parameters["folder"] = MODELS_IN_A_BUCKET

    done = on_kubeflow.attempt(task, inputs, tmp_path)

    assert done.exit_code == 0, "\n".join(done.log)
    assert (tmp_path / f"{MODELS_IN_A_BUCKET.strip('/')}/1/saved_model.pb").read_bytes()


@each_stage
def test_settings_out_of_range_end_in_one_line_and_no_output(
    stage: str, on_kubeflow: Rehearsal, tmp_path: Path
) -> None:
    for task in tasks_of(stage, on_kubeflow.plan):
        inputs = inputs_of(task, on_kubeflow.run).model_copy(deep=True)
        for name, kind in task.parameter_types.items():
            if kind in ("NUMBER_INTEGER", "NUMBER_DOUBLE"):
                inputs.parameters[name] = -1e9
            elif kind == "STRING":
                inputs.parameters[name] = "\0"

        done = on_kubeflow.attempt(task, inputs, tmp_path / task.name)

        assert_refused(done)


@each_stage
def test_damaged_input_ends_in_one_line_and_no_output(
    stage: str, on_kubeflow: Rehearsal, tmp_path: Path
) -> None:
    for task in tasks_of(stage, on_kubeflow.plan):
        if task.artifacts:
            inputs = inputs_of(task, on_kubeflow.run)

            done = on_kubeflow.attempt(task, inputs, tmp_path / task.name, spoil=cut_in_half)

            assert_refused(done)


def cut_in_half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def assert_refused(done: Finished) -> None:
    failures = [event for event in events(done) if event["event"] == "failed"]
    assert len(failures) == 1, "\n".join(done.log)
    assert failures[0]["reason"]
    assert done.exit_code == 2
    assert not done.output.exists()
    assert [str(place) for place in done.places.values() if contents(place)] == [
        str(place) for name, place in done.places.items() if name == "executor-logs"
    ]


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
