from collections.abc import Callable

import pytest

from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.package.reading.specification import read_plan
from sightline.runs.records import RunRecord
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.kfp.packages import submission
from tests.sightline.targets.kfp.server import KubeflowServer

Start = Callable[..., str]


@pytest.fixture
def start(engine: KubeflowEngine, package: Package) -> Start:
    def start_run(name: str = "flowers-1", **parameters: int) -> str:
        return engine.submit(submission(package, name, **parameters)).run_id

    return start_run


def states(record: RunRecord) -> dict[str, str]:
    return {task.name: task.status for task in record.tasks.values()}


def test_a_run_that_was_just_started(
    engine: KubeflowEngine, server: KubeflowServer, start: Start, package: Package
) -> None:
    run_id = start(train_epochs=5)

    record = engine.run(run_id)

    plan = read_plan(package.path)
    assert record.name == "flowers-1"
    assert record.pipeline == "flowers"
    assert record.launcher == "kfp"
    assert record.status == "waiting"
    assert record.url == f"{server.address}/#/runs/details/{run_id}"
    assert record.parameters["train_epochs"] == 5
    assert record.parameters["ingest_source"] == "s3://photos/flowers"
    assert list(record.tasks) == list(plan.tasks)
    assert set(states(record).values()) == {"waiting"}
    assert record.tasks["train"].component == plan.tasks["train"].component
    assert record.tasks["train"].image == plan.tasks["train"].image


def test_tasks_have_their_own_states_and_times(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=5)

    record = engine.run(run_id)

    assert record.status == "running"
    assert record.finished is None
    assert list(states(record).items())[1:4] == [
        ("fingerprint", "succeeded"),
        ("ingest", "running"),
        ("label-check", "waiting"),
    ]
    done, running = record.tasks["fingerprint"], record.tasks["ingest"]
    assert done.started and done.finished and done.seconds is not None
    assert running.started and running.finished is None
    assert (done.attempts, running.attempts) == (1, 1)


def test_a_task_whose_pod_was_skipped_was_reused(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=4)
    server.runs.advance(run_id, "CACHED", steps=2)
    server.runs.advance(run_id, steps=2)

    record = engine.run(run_id)

    assert list(states(record).values())[1:4] == ["succeeded", "reused", "succeeded"]
    assert record.tasks["ingest"].attempts == 0


def test_a_run_to_its_end(engine: KubeflowEngine, server: KubeflowServer, start: Start) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=2 * 10)

    record = engine.run(run_id)

    assert record.status == "succeeded"
    assert record.finished is not None
    assert set(states(record).values()) == {"succeeded"}
    assert record.failure is None


def test_tasks_behind_a_gate_that_stayed_shut_are_skipped(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=2 * 7)
    server.runs.workflows[run_id].hold()
    server.runs.advance(run_id, steps=2)

    record = engine.run(run_id)

    assert record.status == "succeeded"
    assert states(record)["export"] == "skipped"
    assert states(record)["deploy"] == "skipped"
    assert states(record)["notify"] == "succeeded"


def test_a_failed_task_is_named_and_what_needs_it_did_not_run(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=11)
    server.runs.advance(run_id, "FAILED")
    server.runs.advance(run_id, steps=2)

    record = engine.run(run_id)

    assert record.status == "failed"
    assert record.failure == "Failed: train: main: Error (exit code 2)"
    assert states(record)["train"] == "failed"
    assert states(record)["evaluate"] == "not run"
    assert states(record)["notify"] == "succeeded"


def test_a_task_that_failed_before_its_pod_existed(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=2)
    server.runs.workflows[run_id].fail_driver("ingest")
    server.runs.advance(run_id, steps=2)

    record = engine.run(run_id)

    assert record.failure == "Failed: ingest: the driver of the task failed before it could start"


def test_a_task_that_was_tried_again(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.workflows[run_id].retries["ingest"] = 1
    server.runs.advance(run_id, steps=5)

    assert engine.run(run_id).tasks["ingest"].attempts == 2


def test_cancelling(engine: KubeflowEngine, server: KubeflowServer, start: Start) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=3)

    engine.cancel(run_id)

    record = engine.run(run_id)
    assert record.status == "cancelled"
    assert states(record)["train"] == "not run"


def test_runs_are_listed_newest_first(
    engine: KubeflowEngine, start: Start, server: KubeflowServer
) -> None:
    for number in range(3):
        start(f"flowers-{number}")

    listed = engine.runs(RunFilter(limit=2))

    assert [record.name for record in listed] == ["flowers-2", "flowers-1"]
    assert engine.runs(RunFilter(pipeline="trees")) == []


def test_a_listing_of_many_pages_is_read_to_its_end(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    first = server.runs.runs[start("flowers-0")]
    body = {
        key: first[key] for key in ("experiment_id", "pipeline_version_reference", "runtime_config")
    }
    for number in range(1, 120):
        server.runs.add({**body, "display_name": f"flowers-{number}"})

    listed = engine.runs(RunFilter(limit=1000))

    assert len({record.id for record in listed}) == 120
    assert server.faults.count("GET", "/runs") == 1 + 2


@pytest.mark.parametrize("wanted", ["latest", "flowers-2", "wers-2"])
def test_a_run_is_found_by_name_part_or_as_the_newest(
    engine: KubeflowEngine, start: Start, wanted: str
) -> None:
    start("flowers-1")
    second = start("flowers-2")

    assert engine.run(wanted).id == second
    assert engine.run(second[:9]).id == second


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("flowers", "2 runs have it: flowers-2, flowers-1. Write more of it."),
        ("flwers-1", "Did you mean flowers-1?"),
        ("4c3f8a90-0000-4000-8000-000000000000", "there is none with this id. List them"),
    ],
)
def test_a_run_that_is_not_there(
    engine: KubeflowEngine, start: Start, wanted: str, expected: str
) -> None:
    start("flowers-1")
    start("flowers-2")

    with pytest.raises(UserError) as caught:
        engine.run(wanted)

    assert expected in str(caught.value)


def test_no_run_at_all(engine: KubeflowEngine) -> None:
    with pytest.raises(
        UserError, match=r"there is none yet\. Start one with `sightline submit --target kfp`"
    ):
        engine.run("latest")


def test_a_run_whose_pipeline_was_deleted_still_shows_its_tasks(
    engine: KubeflowEngine, server: KubeflowServer, start: Start
) -> None:
    run_id = start()
    server.runs.advance(run_id, steps=6)
    server.library.versions.clear()

    record = engine.run(run_id)

    assert states(record) == dict.fromkeys(("backbone", "fingerprint", "ingest"), "succeeded")
