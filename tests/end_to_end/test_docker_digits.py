"""The docker launcher, held against our own processes and against Kubeflow's DockerRunner."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sightline.ground.models.model_folder import version_numbers
from sightline.project.stages import locations
from sightline.runs.datasets.freezing import freeze
from sightline.runs.records import RunRecord, Value
from sightline.targets.local.runner.runner import RunOptions, run
from sightline.targets.local.settings import LocalTarget
from tests.digits_run import DigitsRun

pytestmark = [pytest.mark.docker, pytest.mark.slow]

# A gate that holds: kfp.local skips what it cannot parse in a condition and reports success.
HOLD = {"evaluate_min_accuracy": 1.0}
BEHIND_THE_GATE = {"export", "deploy"}
OF_ONE_RUN = {"images_per_second", "run"}
OF_EARLIER_RUNS = {"changes", "live_version"}


def run_digits(package: Path, parameters: dict[str, Value], folder: Path) -> RunRecord:
    """The whole pipeline on a part of the digits, in containers."""
    return run(
        package,
        parameters={**parameters, "deploy_folder": str(folder / "models")},
        options=RunOptions(root=folder / ".sightline", launcher="docker", locations=locations()),
    )


@pytest.fixture(scope="module")
def parameters(digits: DigitsRun) -> dict[str, Value]:
    """What the run in processes was given."""
    return dict(digits.record.parameters)


@pytest.fixture(scope="module")
def starts(docker_engine) -> Iterator[list[dict[str, Any]]]:
    """Every start of a container, as it happens: the engine remembers its last 256 events only."""
    stream = docker_engine.events(decode=True, filters={"event": "start"})
    seen: list[dict[str, Any]] = []
    listener = threading.Thread(target=lambda: seen.extend(stream))
    listener.start()
    yield seen
    stream.close()
    listener.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs in containers are, with the results that they may reuse."""
    return tmp_path_factory.mktemp("docker")


@pytest.fixture(scope="module")
def in_containers(
    starts: list[dict[str, Any]],
    stage_images,
    training_package: Path,
    parameters: dict[str, Value],
    folder: Path,
) -> RunRecord:
    """A run from an empty cache."""
    return run_digits(training_package, parameters, folder)


@pytest.fixture(scope="module")
def later(in_containers: RunRecord, parameters: dict[str, Value]) -> dict[str, Value]:
    """What a later run is given: expectations of its data, and a gate that holds."""
    file = Path(str(parameters["ingest_corrections"])).with_name("expected.yaml")
    freeze(in_containers, LocalTarget(), file)
    return {**parameters, **HOLD, "label_check_expected": str(file)}


@pytest.fixture(scope="module")
def held(training_package: Path, later: dict[str, Value], folder: Path) -> RunRecord:
    """A run that differs from the first in label check and evaluate alone."""
    return run_digits(training_package, later, folder)


@pytest.fixture(scope="module")
def theirs(
    stage_images,
    training_package: Path,
    later: dict[str, Value],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, dict[str, object]]]:
    """The executor output of every task that kfp.local ran behind that gate, by task name."""
    from docker.types import Mount
    from kfp import components, local

    root = tmp_path_factory.mktemp("theirs")
    source = str(Path(str(later["ingest_source"])).parent)
    local.init(
        local.DockerRunner(
            mounts=[Mount(source, source, type="bind", read_only=True)],
            user=f"{os.getuid()}:{os.getgid()}",
        ),
        pipeline_root=str(root),
    )
    pipeline = components.load_component_from_file(str(training_package))
    pipeline(**{**later, "deploy_folder": str(root / "models")})
    yield {
        path.parent.name: json.loads(path.read_text())
        for path in root.rglob("executor_output.json")
    }
    local.config.LocalExecutionConfig.instance = None


def measured(record: RunRecord) -> dict[str, dict[str, object]]:
    """What every task measured about the model; speed is the machine's."""
    return {
        f"{task.name}.{name}": {
            key: value for key, value in artifact.metadata.items() if key != "images_per_second"
        }
        for task in record.tasks.values()
        for name, artifact in task.outputs.artifacts.items()
        if artifact.kind in ("system.Metrics", "system.ClassificationMetrics")
    }


def test_the_whole_pipeline_runs_in_containers(in_containers: RunRecord) -> None:
    assert in_containers.failure is None
    assert in_containers.status == "succeeded"
    assert {task.status for task in in_containers.tasks.values()} == {"succeeded"}


def test_every_task_has_a_container_of_its_own(
    starts: list[dict[str, Any]], in_containers: RunRecord
) -> None:
    containers = [
        (event["id"], event["Actor"]["Attributes"]["image"])
        for event in starts
        if event["Actor"]["Attributes"].get("sightline.run") == in_containers.id
    ]

    assert len({container for container, _ in containers}) == len(in_containers.tasks)
    assert {image for _, image in containers} == {
        task.image for task in in_containers.tasks.values()
    }


def test_containers_decide_as_processes_do(digits: DigitsRun, in_containers: RunRecord) -> None:
    decision = in_containers.tasks["evaluate"].outputs.parameters["decision"]

    assert decision == "deploy"
    assert decision == digits.record.tasks["evaluate"].outputs.parameters["decision"]


def test_containers_measure_what_processes_do(digits: DigitsRun, in_containers: RunRecord) -> None:
    assert measured(in_containers) == measured(digits.record)


def test_containers_train_the_model_that_processes_train(
    digits: DigitsRun, in_containers: RunRecord
) -> None:
    models = [
        record.tasks["train"].outputs.artifacts["model"].metadata["model_sha256"]
        for record in (digits.record, in_containers)
    ]

    assert models[0] == models[1]


def test_containers_predict_what_processes_predict(
    digits: DigitsRun, in_containers: RunRecord
) -> None:
    evaluation = Path(in_containers.tasks["evaluate"].outputs.artifacts["evaluation"].uri)

    assert (evaluation / "predictions.parquet").read_bytes() == digits.predictions


def test_containers_see_what_was_decided_and_what_is_expected(
    digits: DigitsRun, in_containers: RunRecord, held: RunRecord
) -> None:
    dataset = in_containers.artifact_path("ingest", "dataset")
    findings = held.artifact_path("label-check", "findings")

    checks = json.loads((findings / "findings.json").read_text())["checks"]

    assert json.loads((dataset / "dataset.json").read_text())["num_examples"] == digits.num_images
    assert {"check": "expected_classes", "status": "clean"} in checks


def test_a_container_leaves_a_deployed_model_that_people_here_can_read(
    in_containers: RunRecord,
) -> None:
    folder = Path(str(in_containers.parameters["deploy_folder"]))

    (number,) = version_numbers(folder)

    assert (folder / str(number) / "saved_model.pb").read_bytes()


def comparable(metadata: dict[str, object]) -> dict[str, object]:
    """What a task says of its artifact, but for the machine's speed, the run's name and others."""
    own = OF_ONE_RUN | OF_EARLIER_RUNS
    return {key: value for key, value in metadata.items() if key not in own}


def test_kfp_runs_the_tasks_that_we_run(held: RunRecord, theirs) -> None:
    ran = {name for name, task in held.tasks.items() if task.status in ("succeeded", "reused")}

    assert ran == set(theirs)
    assert not ran & BEHIND_THE_GATE
    assert {held.tasks[name].status for name in BEHIND_THE_GATE} == {"skipped"}
    assert held.tasks["train"].status == "reused"


def test_output_parameters_are_equal(held: RunRecord, theirs) -> None:
    expected = {name: output["parameterValues"] for name, output in theirs.items()}

    received = {name: held.tasks[name].outputs.parameters for name in theirs}

    assert received == expected
    assert received["evaluate"]["decision"] == "hold"


def test_artifacts_have_equal_types_and_metadata(held: RunRecord, theirs) -> None:
    expected = {
        (task, name): (artifact["type"]["schemaTitle"], comparable(artifact["metadata"]))
        for task, output in theirs.items()
        for name, listing in output["artifacts"].items()
        for artifact in listing["artifacts"]
    }

    received = {
        (task, name): (artifact.kind, comparable(artifact.metadata))
        for task in theirs
        for name, artifact in held.tasks[task].outputs.artifacts.items()
    }

    assert received == expected
