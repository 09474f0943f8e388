from dataclasses import replace
from io import StringIO
from time import monotonic

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Blob, Client
from rich.console import Console

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.runs.outcome import outcome_of
from sightline.targets.vertex.engine import VertexEngine
from sightline.views.render import run_facts, run_view
from tests.sightline.targets.vertex.packages import IMAGE, submission
from tests.sightline.targets.vertex.server import BUCKET, DEPLOYED, VertexServer
from tests.sightline.targets.vertex.simulation import Outcome

ORDER = ["ingest", "train", "evaluate", "deploy", "notify"]


def finished(server: VertexServer, engine: VertexEngine, package: Package, outcome: Outcome) -> str:
    server.jobs.outcome = outcome
    run_id = engine.submit(submission(package, train_epochs=5)).run_id
    server.jobs.by_id[run_id].finish()
    return run_id


def test_a_finished_run_has_its_tasks_in_the_order_of_the_pipeline(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, DEPLOYED)

    record = engine.run(run_id)

    assert record.status == "succeeded"
    assert record.launcher == "vertex"
    assert record.pipeline == "flowers"
    assert record.name == "flowers-1"
    assert record.url and record.url.endswith("/runs/flowers-1?project=flowers-project")
    assert list(record.tasks) == ORDER
    assert {task.status for task in record.tasks.values()} == {"succeeded"}
    train = record.tasks["train"]
    assert train.component == "train"
    assert train.image == IMAGE
    assert train.attempts == 1
    assert train.seconds is not None
    assert record.finished is not None


def test_parameters_are_the_defaults_and_what_the_run_was_given(
    engine: VertexEngine, package: Package
) -> None:
    engine.submit(submission(package, train_epochs=5))

    record = engine.run("flowers-1")

    assert record.parameters == {
        "ingest_source": "gs://photos/flowers",
        "train_epochs": 5,
        "train_learning_rate": 0.001,
        "train_mixed_precision": False,
    }
    assert isinstance(record.parameters["train_epochs"], int)


def test_artifacts_have_their_address_type_and_metadata(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, DEPLOYED)

    tasks = engine.run(run_id).tasks

    metrics = tasks["evaluate"].outputs.artifacts["metrics"]
    assert metrics.kind == "system.Metrics"
    assert metrics.uri.startswith(f"gs://{BUCKET}/runs/123456789012/flowers-1/evaluate_-")
    assert metrics.metadata["accuracy"] == 0.972
    assert tasks["evaluate"].inputs.artifacts["model"] == tasks["train"].outputs.artifacts["model"]
    assert tasks["evaluate"].outputs.parameters == {"decision": "deploy"}
    assert tasks["train"].inputs.parameters["epochs"] == 5


def test_the_outcome_is_read_as_from_a_local_run(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, DEPLOYED)

    found = outcome_of(engine.run(run_id))

    assert found.decision == "deploy"
    assert [figure.text for figure in found.headline] == ["0.972 (0.944 to 0.986)"]
    assert (found.num_test_images, found.num_images, found.num_refused) == (180, 1000, 6)
    assert (found.recipe, found.put_live) == ("mobilenet", 3)


def test_a_task_behind_a_closed_gate_is_skipped(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, replace(DEPLOYED, hold=True))

    record = engine.run(run_id)

    assert record.status == "succeeded"
    assert record.tasks["deploy"].status == "skipped"
    assert record.tasks["notify"].status == "succeeded"


def test_a_failed_task_gives_its_reason_and_later_ones_did_not_run(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    outcome = Outcome(failures={"train": "The replica workerpool0-0 exited with code 2."})
    run_id = finished(server, engine, package, outcome)

    record = engine.run(run_id)

    assert record.status == "failed"
    assert record.failure == "train: The replica workerpool0-0 exited with code 2."
    assert {name: task.status for name, task in record.tasks.items()} == {
        "ingest": "succeeded",
        "train": "failed",
        "evaluate": "not run",
        "deploy": "not run",
        "notify": "succeeded",
    }
    assert record.tasks["train"].message == "The replica workerpool0-0 exited with code 2."


def test_a_hit_in_the_cache_says_which_run_it_is_from(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    outcome = replace(DEPLOYED, reused={"ingest": "flowers-0"})
    run_id = finished(server, engine, package, outcome)

    task = engine.run(run_id).tasks["ingest"]

    assert task.status == "reused"
    assert task.attempts == 0
    assert task.cache is not None
    assert task.cache.from_run == "flowers-0"


def test_a_run_under_way_shows_what_runs_and_what_waits(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.submit(submission(package))
    waiting = engine.run("flowers-1")
    simulation = server.jobs.by_id["flowers-1"]
    for _ in range(4):
        simulation.advance()

    record = engine.run("flowers-1")

    assert waiting.status == "waiting"
    assert record.status == "running"
    assert [task.status for task in record.tasks.values()] == [
        "succeeded",
        "running",
        "waiting",
        "waiting",
        "waiting",
    ]


def test_a_run_is_stopped(engine: VertexEngine, server: VertexServer, package: Package) -> None:
    engine.submit(submission(package))
    simulation = server.jobs.by_id["flowers-1"]
    simulation.advance()
    simulation.advance()

    engine.cancel("flowers-1")
    simulation.advance()

    record = engine.run("flowers-1")
    assert record.status == "cancelled"
    assert record.tasks["ingest"].status == "cancelled"
    assert record.tasks["train"].status == "not run"


def test_a_run_that_is_over_cannot_be_stopped(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, DEPLOYED)

    with pytest.raises(UserError, match=r"run flowers-1 is over \(succeeded\)"):
        engine.cancel(run_id)


def test_a_pipeline_that_sightline_cannot_read_is_shown_without_tasks(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.submit(submission(package))
    job = server.jobs.by_id["flowers-1"].job
    tasks = job.pipeline_spec.fields["root"].struct_value.fields["dag"].struct_value.fields["tasks"]
    only = next(iter(tasks.struct_value.fields.values())).struct_value
    only.fields["parameterIterator"].struct_value.SetInParent()

    record = engine.run("flowers-1")

    assert record.tasks == {}
    assert record.pipeline == "flowers"


def test_show_writes_a_run_as_it_writes_local_ones(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, DEPLOYED)

    record = engine.run(run_id)
    console = Console(file=StringIO(), width=200)
    console.print(*run_view(record))

    assert run_facts(record)
    assert isinstance(console.file, StringIO)
    lines = [" ".join(line.split()) for line in console.file.getvalue().splitlines()]
    assert "Task Status Time" in lines  # Vertex AI tells no other times
    assert any(line.startswith("evaluate succeeded") for line in lines)


def test_artifacts_can_be_read_from_the_bucket(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    run_id = finished(server, engine, package, DEPLOYED)

    report = engine.run(run_id).tasks["train"].outputs.artifacts["report"]
    client = Client(project="flowers-project", credentials=AnonymousCredentials())

    assert b"<title>train</title>" in Blob.from_uri(report.uri, client).download_as_bytes()


def test_a_run_that_is_watched_moves_on_by_itself(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.advance_by_itself(seconds_per_step=0.005)
    engine.submit(submission(package))
    seen = set()
    deadline = monotonic() + 30

    while "succeeded" not in seen and monotonic() < deadline:
        seen.add(engine.run("flowers-1").status)

    assert "succeeded" in seen
