"""Kubeflow's own DockerRunner runs the same compiled pipeline; ours must have the same outputs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.training import training
from sightline.project.stages import locations
from sightline.runs.records import RunRecord
from sightline.targets.local.runner.runner import RunOptions, run
from tests.data import digit_folder

pytestmark = [pytest.mark.docker, pytest.mark.slow]

# A gate that holds: kfp.local skips what it cannot parse in a condition and reports success.
BEHIND_THE_GATE = {"export", "deploy"}
OF_ONE_RUN = {"images_per_second", "run"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from kfp import compiler

    path = tmp_path_factory.mktemp("package") / "pipeline.yaml"
    compiler.Compiler().compile(training.component(), str(path))
    return path


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | int | float | bool]:
    folder = tmp_path_factory.mktemp("conformance")
    return {
        "ingest_source": str(digit_folder(folder / "digits", per_class=40)),
        "preprocess_image_size": 16,
        "train_recipe": "scratch",
        "train_weights": "none",
        "train_epochs": 2,
        "train_horizontal_flip": False,
        "evaluate_min_accuracy": 1.0,
        "evaluate_bootstrap_samples": 100,
        "deploy_folder": str(folder / "models"),
    }


@pytest.fixture(scope="module")
def ours(
    stage_images, package: Path, parameters, tmp_path_factory: pytest.TempPathFactory
) -> RunRecord:
    options = RunOptions(
        root=tmp_path_factory.mktemp("ours"), launcher="docker", locations=locations()
    )
    return run(package, parameters=parameters, options=options)


@pytest.fixture(scope="module")
def theirs(
    stage_images, package: Path, parameters, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, dict[str, object]]]:
    """The executor output of every task that kfp.local ran, by task name."""
    from docker.types import Mount
    from kfp import components, local

    root = tmp_path_factory.mktemp("theirs")
    source = str(parameters["ingest_source"])
    local.init(
        local.DockerRunner(
            mounts=[Mount(source, source, type="bind", read_only=True)],
            user=f"{os.getuid()}:{os.getgid()}",
        ),
        pipeline_root=str(root),
    )
    components.load_component_from_file(str(package))(**parameters)
    yield {
        path.parent.name: json.loads(path.read_text())
        for path in root.rglob("executor_output.json")
    }
    local.config.LocalExecutionConfig.instance = None


def comparable(metadata: dict[str, object]) -> dict[str, object]:
    """What a task says of its artifact, but for how fast the machine was and the run's own name."""
    return {key: value for key, value in metadata.items() if key not in OF_ONE_RUN}


def test_kfp_runs_the_tasks_that_we_run(ours: RunRecord, theirs) -> None:
    ran = {name for name, task in ours.tasks.items() if task.status == "succeeded"}

    assert ran == set(theirs)
    assert not ran & BEHIND_THE_GATE
    assert {ours.tasks[name].status for name in BEHIND_THE_GATE} == {"skipped"}


def test_output_parameters_are_equal(ours: RunRecord, theirs) -> None:
    expected = {name: output["parameterValues"] for name, output in theirs.items()}

    received = {name: ours.tasks[name].outputs.parameters for name in theirs}

    assert received == expected
    assert received["evaluate"]["decision"] == "hold"


def test_artifacts_have_equal_types_and_metadata(ours: RunRecord, theirs) -> None:
    expected = {
        (task, name): (artifact["type"]["schemaTitle"], comparable(artifact["metadata"]))
        for task, output in theirs.items()
        for name, listing in output["artifacts"].items()
        for artifact in listing["artifacts"]
    }

    received = {
        (task, name): (artifact.kind, comparable(artifact.metadata))
        for task in theirs
        for name, artifact in ours.tasks[task].outputs.artifacts.items()
    }

    assert received == expected
