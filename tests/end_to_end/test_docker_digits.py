from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.training import training
from sightline.ground.model_folder import version_numbers
from sightline.project.stages import locations
from sightline.runs.records import RunRecord
from sightline.targets.local.runner.runner import RunOptions, run
from tests.data import digit_folder

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def run_digits(folder: Path, digits: Path, launcher: str) -> RunRecord:
    """The whole pipeline on a part of the digits, from an empty cache."""
    from kfp import compiler

    package = folder / "pipeline.yaml"
    compiler.Compiler().compile(training.component(), str(package))
    return run(
        package,
        parameters={
            "ingest_source": str(digits),
            "preprocess_image_size": 16,
            "train_recipe": "scratch",
            "train_weights": "none",
            "train_epochs": 4,
            "train_horizontal_flip": False,
            "evaluate_min_accuracy": 0.2,
            "evaluate_bootstrap_samples": 100,
            "deploy_folder": str(folder / "models"),
        },
        options=RunOptions(root=folder / ".sightline", launcher=launcher, locations=locations()),
    )


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A folder of its own: containers of a root runner could not look into a private one.
    return digit_folder(tmp_path_factory.mktemp("source") / "digits", per_class=60)


@pytest.fixture(scope="module")
def in_processes(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    return run_digits(tmp_path_factory.mktemp("process"), digits, "process")


@pytest.fixture(scope="module")
def started() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


@pytest.fixture(scope="module")
def in_containers(
    started: datetime, stage_images, digits: Path, tmp_path_factory: pytest.TempPathFactory
) -> RunRecord:
    return run_digits(tmp_path_factory.mktemp("docker"), digits, "docker")


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
    docker_engine, started: datetime, in_containers: RunRecord
) -> None:
    events = docker_engine.api.events(
        since=started,
        until=datetime.now(UTC) + timedelta(seconds=1),  # the client sends whole seconds
        decode=True,
        filters={"event": "start", "label": f"sightline.run={in_containers.id}"},
    )

    containers = [(event["id"], event["Actor"]["Attributes"]["image"]) for event in events]

    assert len({container for container, _ in containers}) == len(in_containers.tasks)
    assert {image for _, image in containers} == {
        task.image for task in in_containers.tasks.values()
    }


def test_containers_decide_as_processes_do(
    in_processes: RunRecord, in_containers: RunRecord
) -> None:
    decision = in_containers.tasks["evaluate"].outputs.parameters["decision"]

    assert decision == "deploy"
    assert decision == in_processes.tasks["evaluate"].outputs.parameters["decision"]


def test_containers_measure_what_processes_do(
    in_processes: RunRecord, in_containers: RunRecord
) -> None:
    assert measured(in_containers) == measured(in_processes)


def test_containers_train_the_model_that_processes_train(
    in_processes: RunRecord, in_containers: RunRecord
) -> None:
    models = [
        record.tasks["train"].outputs.artifacts["model"].metadata["model_sha256"]
        for record in (in_processes, in_containers)
    ]

    assert models[0] == models[1]


def test_containers_predict_what_processes_predict(
    in_processes: RunRecord, in_containers: RunRecord
) -> None:
    files = [
        Path(record.tasks["evaluate"].outputs.artifacts["evaluation"].uri) / "predictions.parquet"
        for record in (in_processes, in_containers)
    ]

    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_container_leaves_a_deployed_model_that_people_here_can_read(
    in_containers: RunRecord,
) -> None:
    folder = Path(str(in_containers.parameters["deploy_folder"]))

    (number,) = version_numbers(folder)

    assert (folder / str(number) / "saved_model.pb").read_bytes()
