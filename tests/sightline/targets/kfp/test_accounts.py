"""One account of a run, whatever version of Kubeflow tells it, and whatever it leaves out."""

import pytest

from components.notify.cluster import ClusterWeb, ask_cluster
from sightline.ground.run_account.account import Account, NotTold, end_state
from sightline.ground.run_account.kubeflow import read_account
from sightline.ground.run_account.logs import logs_among, reason_in
from sightline.package.compiled import Package
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.kfp.packages import submission
from tests.sightline.targets.kfp.server import KubeflowServer


@pytest.fixture
def run_id(engine: KubeflowEngine, server: KubeflowServer, package: Package) -> str:
    """A run that reused ingest, tried preprocess twice and whose train was killed."""
    earlier = engine.submit(submission(package, "earlier")).run_id
    server.runs.workflows[earlier].made["ingest"] = {"dataset": {"num_images": 7, "names": ["a"]}}
    server.runs.advance(earlier, steps=6)
    run = engine.submit(submission(package, "flowers-1")).run_id
    flow = server.runs.workflows[run]
    flow.retries = {"preprocess": 1}
    flow.told["label-check"] = {"verdict": "good"}
    for ending in ("SUCCEEDED", "SUCCEEDED", "CACHED", "SUCCEEDED", "SUCCEEDED", "KILLED"):
        server.runs.advance(run, ending, steps=2)
    return run


def summary_of(account: Account) -> dict[str, tuple[str, int]]:
    return {task.name: (task.status, task.attempts) for task in account.tasks.values()}


@pytest.mark.parametrize("newer", [False, True])
def test_versions_with_and_without_a_metadata_store_tell_the_same(
    server: KubeflowServer, run_id: str, newer: bool
) -> None:
    server.runs.new_api, server.runs.old_api = newer, not newer
    server.runs.metadata.there = not newer

    account = read_account(ClusterWeb(server.address), run_id)

    assert summary_of(account) == {
        "backbone": ("succeeded", 1),
        "fingerprint": ("succeeded", 1),
        "ingest": ("reused", 0),
        "label-check": ("succeeded", 1),
        "preprocess": ("succeeded", 2),
        "train": ("failed", 1),
    }
    assert account.tasks["train"].message == "main: OOMKilled (exit code 137)"
    assert account.tasks["label-check"].parameters == {"verdict": "good"}
    dataset = account.tasks["ingest"].artifacts["dataset"]
    assert run_id not in dataset.uri
    assert dataset.metadata == {"num_images": 7, "names": ["a"]}
    assert (account.knows_outputs, account.notes) == (True, [])
    assert end_state(account.before("notify"), cancelled=False) == "failed"


def test_a_controller_without_a_retry_strategy_of_its_own_has_a_plainer_graph(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    server.runs.wrapped = False
    run = engine.submit(submission(package)).run_id
    server.runs.workflows[run].retries = {"ingest": 2}
    server.runs.advance(run, steps=6)
    server.runs.advance(run, "CACHED", steps=2)

    account = read_account(ClusterWeb(server.address), run)

    assert list(summary_of(account).values())[1:] == [
        ("succeeded", 1),
        ("succeeded", 3),
        ("reused", 0),
    ]
    assert not account.tries_errors_only


def test_without_the_older_api_states_are_known_and_reuse_is_not(
    server: KubeflowServer, run_id: str
) -> None:
    server.runs.old_api = False

    account = read_account(ClusterWeb(server.address), run_id)

    states = {name: task.status for name, task in account.tasks.items()}
    assert (states["ingest"], states["train"]) == ("succeeded", "failed")
    assert account.tries_errors_only


def test_a_metadata_store_that_refuses_costs_the_outputs_and_is_named(
    server: KubeflowServer, run_id: str
) -> None:
    server.runs.metadata.refuses = "disk full"

    account = read_account(ClusterWeb(server.address), run_id)

    assert account.tasks["ingest"].status == "reused"
    assert not account.knows_outputs
    assert "disk full" in account.notes[0]


def test_a_list_of_tasks_from_before_the_exit_task_is_not_taken_for_the_end(
    server: KubeflowServer, run_id: str
) -> None:
    with pytest.raises(NotTold, match="older than this one"):
        ask_cluster(server.address, run_id, patience_seconds=0)

    server.runs.advance(run_id)
    account = ask_cluster(server.address, run_id, patience_seconds=0)

    assert account is not None and "notify" in account.tasks


def test_a_cluster_that_is_not_there_or_wants_a_login_says_so(server: KubeflowServer) -> None:
    with pytest.raises(NotTold, match="no answer"):
        ask_cluster("http://127.0.0.1:1", "run-1")

    server.cookie = "session=1"
    with pytest.raises(NotTold, match="status 302"):
        ask_cluster(server.address, "run-1")


def test_the_last_word_of_a_log_is_the_reason() -> None:
    own = b'{"event": "started"}\n{"event": "failed", "reason": "a:\\n  b."}\nlater\n'

    assert reason_in(own) == "a: b."
    assert reason_in(b"Traceback\n  File x\nValueError: no\n{}\n") == "ValueError: no"
    assert reason_in(b"") == ""
    assert logs_among(["report", "executor-logs-2", "executor-logs-10"])[0] == "executor-logs-10"
