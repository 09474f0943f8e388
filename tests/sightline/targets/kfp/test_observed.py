"""What a real Kubeflow Pipelines 2.17.0 was seen to do, and what users are told of it."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from components.notify.ending import read_ending
from components.notify.findings import Findings
from components.notify.message import message_of, slack
from components.notify.place import place_of
from components.notify.settings import NotifySettings
from components.notify.stage import describe, is_wanted
from components.notify.summary import Summary
from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.launch.submit import find_problems
from sightline.package.compiled import Package
from sightline.project.settings import load_project
from sightline.runs.artifact_store import filesystem_of, read_all
from sightline.runs.facts import facts_of
from sightline.runs.outcome import outcome_of
from sightline.runs.records import RunRecord
from sightline.schedules.cron import Cron
from sightline.schedules.schedule import ScheduleRequest
from sightline.schedules.zones import find_zone
from sightline.targets.kfp.engine import KubeflowEngine
from sightline.views.logs import log_lines
from sightline.views.schedule import schedules_table
from tests.components.notify.ended_runs import Runs, documents
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.packages import SETTINGS, submission
from tests.sightline.targets.kfp.server import KubeflowServer
from tests.sightline.targets.kfp.workflows import Ending

EXECUTION = "6f1cf8e2-9b1f-4c52-8d0a-0123456789ab"
TASKS = ("backbone", "fingerprint", "ingest", "label-check", "preprocess", "train", "evaluate")
BEHIND = ("export", "deploy")


@dataclass
class Cluster:
    """A Kubeflow whose runs leave their artifacts in a folder, for both sides to read."""

    server: KubeflowServer
    package: Package
    folder: Path

    @property
    def engine(self) -> KubeflowEngine:
        target = self.server.target(pipeline_root=str(self.folder / "v2/artifacts"))
        return KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)

    def run(
        self,
        name: str,
        endings: dict[str, Ending] | None = None,
        *,
        retries: tuple[str, ...] = (),
        **wrote: Any,
    ) -> str:
        """Let a run go as far as its tasks get; they end well unless told otherwise."""
        endings = endings or {}
        run_id = self.engine.submit(submission(self.package, name)).run_id
        flow = self.server.runs.workflows[run_id]
        flow.execution = EXECUTION
        flow.retries = dict.fromkeys(retries, 1)
        written = documents(**wrote)
        judged = written["evaluate/evaluation/evaluation.json"]
        flow.told["evaluate"] = {"decision": judged["decision"]}
        flow.made["evaluate"] = {
            "evaluation": {key: judged[key] for key in ("decision", "headline")}
        }
        ran = []
        for task in (*TASKS, *BEHIND):
            if task not in flow.waiting:
                break
            self.server.runs.advance(run_id, endings.get(task, "SUCCEEDED"), steps=2)
            if task not in endings:
                ran.append(task)
            if task == "evaluate" and judged["decision"] == "hold" and "export" in flow.waiting:
                flow.hold()
        lacking = tuple({*TASKS, *BEHIND} - set(ran))
        Runs(self.folder, "kubeflow").write(run_id, without=lacking, **wrote)
        return run_id

    def notify(self, run_id: str, **settings: Any) -> dict[str, Any]:
        """Run the exit task with what this Kubeflow tells it, and end the run."""
        word = self.server.runs.workflows[run_id].word
        self.server.runs.advance(run_id)
        if "api" in NotifySettings.model_fields:
            settings["api"] = self.server.address
        status = {"state": word, "pipelineTaskName": "exit-handler-1", "error": {}}
        summary = Runs(self.folder, "kubeflow").notify(run_id, status, **settings)
        self.server.runs.advance(run_id)
        return summary


@pytest.fixture
def cluster(server: KubeflowServer, package: Package, tmp_path: Path) -> Cluster:
    return Cluster(server, package, tmp_path)


def shown(record: RunRecord) -> tuple[str, str | None, list[float]]:
    """What views say of a run: its status, decision and figures."""
    outcome = outcome_of(record)
    return record.status, outcome.decision, [figure.value for figure in outcome.headline]


def wants_alarm(summary: dict[str, Any]) -> bool:
    return is_wanted(Summary.model_validate(summary), NotifySettings(webhook="env:X", on="failure"))


def test_1_a_killed_task_is_a_failure_and_has_no_figures_of_another_run(cluster: Cluster) -> None:
    cluster.notify(cluster.run("held", decision="hold", accuracy=0.99))
    killed = cluster.run("killed", {"label-check": "KILLED"})

    summary = cluster.notify(killed)

    assert (summary["reported_state"], summary["state"]) == ("RUNNING", "failed")
    assert summary["failed_tasks"] == ["label-check"]
    assert summary["outcome"]["decision"] is None
    assert summary["outcome"]["headline"] == []
    assert wants_alarm(summary)
    assert shown(cluster.engine.run(killed)) == ("failed", None, [])
    listed = {record.name: record for record in cluster.engine.runs(RunFilter(figures=True))}
    assert shown(listed["killed"]) == ("failed", None, [])


def test_2_a_held_run_and_one_that_went_well_in_the_end_succeeded(cluster: Cluster) -> None:
    held = cluster.notify(cluster.run("held", decision="hold"))
    retried = cluster.notify(cluster.run("retried", retries=("train",), decision="hold"))

    assert (held["reported_state"], held["state"]) == ("RUNNING", "succeeded")
    assert (retried["reported_state"], retried["state"]) == ("FAILED", "succeeded")
    assert not wants_alarm(retried)


def test_3_a_reused_run_says_what_was_reused_and_not_the_newest_of_the_same_model(
    cluster: Cluster,
) -> None:
    first = cluster.run("first", accuracy=0.99, decision="deploy")
    cluster.notify(first)
    reused: dict[str, Ending] = dict.fromkeys(
        ("ingest", "label-check", "preprocess", "train"), "CACHED"
    )
    cluster.notify(cluster.run("held", reused, accuracy=0.99, decision="hold"))
    cluster.server.runs.metadata.executions = [
        one
        for one in cluster.server.runs.metadata.executions
        if (one.task, one.run == first) != ("evaluate", False)
    ]
    again = cluster.run("again", {**reused, "evaluate": "CACHED", "export": "CACHED"})

    summary = cluster.notify(again)

    assert summary["outcome"]["decision"] == "deploy"
    assert summary["outcome"]["reasons"] == ["Accuracy is 0.99, 0.9 is required."]
    assert first in summary["reports"]["evaluate"]
    record = cluster.engine.run(again)
    assert shown(record) == ("succeeded", "deploy", [0.99])
    assert first in record.tasks["evaluate"].outputs.artifacts["evaluation"].uri
    assert again in record.tasks["deploy"].outputs.artifacts["deployment"].uri


def test_4_retries_that_the_cluster_passes_over_are_said(cluster: Cluster, tmp_path: Path) -> None:
    settings = tmp_path / "sightline.yaml"
    settings.write_text(f"{SETTINGS}\nresources:\n  train: {{retries: 2}}\n", encoding="utf-8")

    found = [one for one in find_problems(load_project(settings, (), "kfp"), None)
             if one.rule == "retries"]  # fmt: skip

    assert [(one.where, one.severity) for one in found] == [
        ("backbone", "warning"),
        ("train", "warning"),
    ]
    assert "templateDefaults" in found[0].message + found[0].remedy


def test_5_reuse_and_attempts_are_read_from_what_the_api_sends(cluster: Cluster) -> None:
    cluster.run("first")
    run_id = cluster.run("second", {"ingest": "CACHED"}, retries=("train",))

    record = cluster.engine.run(run_id)

    assert all("pod_name" not in one for one in cluster.server.runs.workflows[run_id].details(""))
    assert [record.tasks[task].status for task in TASKS[1:4]] == [
        "succeeded",
        "reused",
        "succeeded",
    ]
    assert [record.tasks[task].attempts for task in ("ingest", "preprocess", "train")] == [0, 1, 2]
    assert facts_of(record).num_reused == 1
    [listed] = cluster.engine.runs(RunFilter(limit=1, figures=True))
    assert facts_of(listed).num_reused == 1


def test_6_the_store_is_named_as_the_installed_version_names_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    with pytest.raises(UserError, match="svc/seaweedfs 9000"):
        filesystem_of("minio://mlpipeline/v2/artifacts", cluster.server.target())


def test_7_a_failed_run_says_why(cluster: Cluster) -> None:
    killed = cluster.run("killed", {"train": "KILLED"})
    summary = cluster.notify(killed)
    refused = cluster.run("refused", {"ingest": "FAILED"})
    log = Runs(cluster.folder, "kubeflow").task(refused, "ingest") / "executor-logs-0"
    log.parent.mkdir(parents=True)
    said = {"event": "failed", "reason": "photos: expected images. Upload them."}
    log.write_text(f"{json.dumps(said)}\n", encoding="utf-8")
    cluster.notify(refused)

    assert summary["message"] == "train: main: OOMKilled (exit code 137)"
    assert cluster.engine.run(killed).failure == "Failed: train: main: OOMKilled (exit code 137)"
    reason = "Failed: ingest: photos: expected images. Upload them."
    assert cluster.engine.run(refused).failure == reason


def test_the_log_of_a_stage_is_read_from_the_store_of_its_run(cluster: Cluster) -> None:
    run_id = cluster.run("refused", {"ingest": "FAILED"})
    for attempt in range(2):
        log = Runs(cluster.folder, "kubeflow").task(run_id, "ingest") / f"executor-logs-{attempt}"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"attempt {attempt}\n", encoding="utf-8")
    cluster.notify(run_id)
    record, target = cluster.engine.run(run_id), cluster.server.target()

    lines = list(
        log_lines(record, "ingest", fetch=lambda uri: read_all([uri], target).get(uri, b""))
    )

    assert lines == [f"{'ingest':<14} attempt 1"]
    with pytest.raises(UserError, match=rf"kubectl logs .*--selector pipeline/runid={run_id}"):
        list(log_lines(record, "train", command=target.logs_command(run_id)))


def test_8_a_cancelled_run_is_cancelled(cluster: Cluster) -> None:
    run_id = cluster.engine.submit(submission(cluster.package, "stopped")).run_id
    cluster.server.runs.advance(run_id, steps=3)

    cluster.engine.cancel(run_id)

    states = [one["state"] for one in cluster.server.runs.runs[run_id]["state_history"]]
    assert states == ["PENDING", "RUNNING", "CANCELING", "FAILED"]
    assert cluster.engine.run(run_id).status == "cancelled"


def test_9_a_run_of_a_schedule_names_it_and_the_schedule_its_run(cluster: Cluster) -> None:
    request = ScheduleRequest(
        name="nightly", cron=Cron.parse("30 2 * * *"), zone=find_zone("UTC"), parameters={}
    )
    schedule = cluster.engine.create_schedule(request, cluster.package)
    run_id = cluster.server.recurring.fire(schedule.id)

    name = cluster.server.runs.runs[run_id]["display_name"]

    assert name.startswith("nightly") and not name.startswith("nightly-")
    assert cluster.engine.run(run_id).schedule == "nightly"
    listing = io.StringIO()
    Console(file=listing, width=300).print(schedules_table([cluster.engine.schedule("nightly")]))
    assert name in listing.getvalue()


def test_10_links_to_the_run_and_to_reports_open_in_a_browser(tmp_path: Path) -> None:
    file = tmp_path / "sightline.yaml"
    file.write_text(SETTINGS, encoding="utf-8")
    filled = load_project(file, (), "kfp").stages["notify"]
    settings = NotifySettings.model_validate(filled.model_dump())
    place = place_of(f"minio://mlpipeline/v2/flowers/run-1/notify/{EXECUTION}/summary", "notify")
    found = Findings(reports={"train": "minio://mlpipeline/v2/flowers/run-1/train/a b/report"})

    summary = describe(read_ending('{"state": "COMPLETE"}'), place, found, settings)

    links = message_of(summary).links
    assert links["the run"] == "http://127.0.0.1:8888/#/runs/details/run-1"
    assert links["train"] == (
        "http://127.0.0.1:8888/artifacts/get?source=minio&bucket=mlpipeline"
        "&key=v2/flowers/run-1/train/a%20b/report&namespace=kubeflow"
    )
    assert "minio://" not in json.dumps(slack(message_of(summary)))


def test_11_a_wrong_override_names_the_value_that_the_file_has(tmp_path: Path) -> None:
    settings = tmp_path / "sightline.yaml"
    settings.write_text(f"{SETTINGS}\ntrain: {{epochs: 9}}\n", encoding="utf-8")

    with pytest.raises(UserError) as caught:
        load_project(settings, ["train.epochs=nine"], "kfp")

    assert "9, which the file has" in str(caught.value)
    assert "40" not in str(caught.value)


def test_every_setting_of_a_run_is_sent(cluster: Cluster) -> None:
    run_id = cluster.engine.submit(submission(cluster.package, "first", train_epochs=5)).run_id

    sent = cluster.server.runs.runs[run_id]["runtime_config"]["parameters"]

    assert sent["train_epochs"] == 5
    assert sent["evaluate_min_accuracy"] == 0.5
    assert len(sent) > 40
