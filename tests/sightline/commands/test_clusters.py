"""What a user types about clusters, against both services on loopback."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.sightline.command_line import sightline
from tests.sightline.commands.clusters import write_project
from tests.sightline.targets.faults import Faults
from tests.sightline.targets.kfp.server import KubeflowServer, kubeflow_server
from tests.sightline.targets.vertex.server import VertexServer, vertex_server

pytestmark = pytest.mark.slow

TARGETS = ("cluster", "cloud")
RUNS = {"cluster": "/runs", "cloud": "/pipelineJobs"}


@dataclass
class Clouds:
    """Both services."""

    kubeflow: KubeflowServer
    vertex: VertexServer

    def num_runs(self, target: str) -> int:
        return len(self.kubeflow.runs.runs if target == "cluster" else self.vertex.jobs.by_id)

    def end_cancelled(self, run: str, target: str) -> None:
        """Have a run that is being stopped end."""
        if target == "cluster":
            self.kubeflow.runs.finish(next(iter(self.kubeflow.runs.runs)), "CANCELED")
        else:
            self.vertex.jobs.by_id[run].advance()

    def faults(self, target: str) -> Faults:
        return self.kubeflow.faults if target == "cluster" else self.vertex.faults


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clouds]:
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    with kubeflow_server() as kubeflow, vertex_server() as vertex:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", vertex.address)
        write_project(tmp_path, kubeflow=kubeflow.address, vertex=vertex.address)
        yield Clouds(kubeflow, vertex)


def test_both_targets_get_their_package(clouds: Clouds) -> None:
    for target in TARGETS:
        assert sightline("compile", "--target", target, "-o", f"{target}.yaml").code == 0
    unchanged = sightline("compile", "--target", "cloud", "-o", "cloud.yaml", "--diff")
    changed = sightline(
        "compile", "--target", "cloud", "-o", "cloud.yaml", "--diff", "--set", "train.epochs=3"
    )

    kubeflow = list(yaml.safe_load_all(Path("cluster.yaml").read_text(encoding="utf-8")))
    vertex = yaml.safe_load(Path("cloud.yaml").read_text(encoding="utf-8"))
    assert len(kubeflow) == 2
    assert set(kubeflow[1]) == {"platforms"}
    assert vertex["pipelineInfo"]["name"] == "flowers-training"
    assert unchanged.code == 0
    assert changed.code == 1
    assert "train_epochs" in changed.out


@pytest.mark.parametrize("target", TARGETS)
def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(clouds: Clouds, target: str) -> None:
    ended = sightline("submit", "--target", target, "--set", "train.epochs=3", "--dry-run")

    assert ended.code == 0, ended.err
    assert "POST http" in ended.out
    assert "train_epochs" in ended.out
    assert clouds.num_runs(target) == 0


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_is_started_once_under_its_name_and_found_again(clouds: Clouds, target: str) -> None:
    first = sightline("submit", "--target", target, "--name", "flowers-1")
    second = sightline("submit", "--target", target, "--name", "flowers-1")
    listed = json.loads(sightline("runs", "--target", target, "--json").out)
    shown = sightline("show", "flowers-1", "--target", target)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "Run flowers-1 started: http" in first.out
    assert "Run flowers-1 was there already" in second.out
    assert clouds.num_runs(target) == 1
    assert [run["name"] for run in listed] == ["flowers-1"]
    assert "ingest" in shown.out
    assert "Page: http" in shown.out


@pytest.mark.parametrize("target", TARGETS)
def test_waiting_shows_the_tasks_and_ends_with_the_runs_result(clouds: Clouds, target: str) -> None:
    clouds.kubeflow.runs.advance_by_itself(0.1)
    clouds.vertex.advance_by_itself(0.1)

    ended = sightline("submit", "--target", target, "--wait")

    assert ended.code == 0, ended.err
    assert "train          done" in ended.out
    assert re.search(r"run \S+ succeeded", ended.out)


def test_a_listing_has_the_decision_of_a_run_that_ended(clouds: Clouds) -> None:
    clouds.vertex.advance_by_itself(0.1)
    sightline("submit", "--target", "cloud", "--name", "flowers-1", "--wait")

    ended = sightline("runs", "--target", "cloud")

    header, row = ended.out.splitlines()
    assert header.endswith("Decision  Test accuracy")
    assert row.split()[-2:] == ["deploy", "0.972"]
    assert ended.err == ""


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_can_be_stopped(clouds: Clouds, target: str) -> None:
    sightline("submit", "--target", target, "--name", "flowers-1")

    ended = sightline("cancel", "flowers-1", "--target", target)

    assert ended.code == 0, ended.err
    assert "is being stopped" in ended.out


@pytest.mark.parametrize("target", TARGETS)
def test_a_schedule_lives_from_create_to_delete(clouds: Clouds, target: str) -> None:
    on = ("--target", target)
    wanted = ("--cron", "30 2 * * *", "--time-zone", "UTC", "--set", "train.epochs=3")

    dry = sightline("schedule", "create", "nightly", *wanted, "--dry-run", *on)
    created = sightline("schedule", "create", "nightly", *wanted, *on)
    again = sightline("schedule", "create", "nightly", *wanted, *on)
    listed = sightline("schedule", "list", *on)
    paused = sightline("schedule", "pause", "nightly", *on)
    shown = json.loads(sightline("schedule", "show", "nightly", "--json", *on).out)
    resumed = sightline("schedule", "resume", "nightly", *on)
    deleted = sightline("schedule", "delete", "nightly", *on)
    gone = sightline("schedule", "show", "nightly", *on)

    assert "POST http" in dry.out
    assert len(re.findall(r"^  \w{3} \d{4}-\d\d-\d\d 02:30 UTC$", created.out, re.M)) == 5
    assert "Created schedule nightly" in created.out, created.err
    assert again.code == 2
    assert "nightly" in again.err
    assert "30 2 * * *" in listed.out
    assert paused.code == resumed.code == deleted.code == 0
    assert (shown["name"], shown["state"], shown["max_concurrent"]) == ("nightly", "paused", 1)
    assert shown["parameters"]["train_epochs"] == 3
    assert gone.code == 2


def test_a_night_that_loses_an_hour_is_said_before_anything_is_created(clouds: Clouds) -> None:
    ended = sightline(
        "schedule", "create", "nightly", "--cron", "30 2 * * *",
        "--time-zone", "Europe/Berlin", "--dry-run", "--target", "cloud",
    )  # fmt: skip

    assert ended.code == 0, ended.err
    assert "02:30 does not exist in Europe/Berlin" in ended.out
    assert "Google does not document" in ended.out


def test_a_zone_that_kubeflow_cannot_follow_is_refused_with_the_remedy(clouds: Clouds) -> None:
    ended = sightline(
        "schedule", "create", "nightly", "--cron", "30 2 * * *",
        "--time-zone", "Europe/Berlin", "--target", "cluster",
    )  # fmt: skip

    assert ended.code == 2
    assert "cronScheduleTimezone" in ended.err


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_refusal_is_one_clear_line(clouds: Clouds, target: str, status: int) -> None:
    faults = clouds.faults(target)
    faults.order("GET", ".*", status=status, headers={"Retry-After": "120"}, times=20)

    ended = sightline("runs", "--target", target)

    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert len(ended.err.splitlines()) == 1, ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("target", TARGETS)
def test_a_refused_connection_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_project(tmp_path, kubeflow="http://127.0.0.1:9", vertex="http://127.0.0.1:9")

    ended = sightline("runs", "--target", target)

    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1, ended.err
    assert "127.0.0.1:9" in ended.err


@pytest.mark.parametrize("target", TARGETS)
def test_an_error_in_the_middle_of_a_submission_starts_one_run(clouds: Clouds, target: str) -> None:
    clouds.faults(target).order("POST", RUNS[target], status=500, performed="before")

    ended = sightline("submit", "--target", target, "--name", "flowers-1")

    assert ended.code == 0, ended.err
    assert clouds.num_runs(target) == 1


@pytest.mark.parametrize("target", TARGETS)
def test_images_that_were_never_pushed_are_refused(clouds: Clouds, target: str) -> None:
    Path("sightline.images.json").unlink()

    submitted = sightline("submit", "--target", target)

    assert submitted.code == 2
    assert "1 problem to solve first" in submitted.err
    assert submitted.err.count("expected a pushed image") == 1
    assert "sightline images build" in submitted.err
    assert clouds.num_runs(target) == 0


@pytest.mark.parametrize("target", TARGETS)
def test_without_pushed_images_the_whole_package_is_there_to_be_read(
    clouds: Clouds, target: str
) -> None:
    Path("sightline.images.json").unlink()
    schedule = ("schedule", "create", "nightly", "--cron", "30 2 * * *", "--time-zone", "UTC")

    compiled = sightline("compile", "--target", target)
    shown = [
        sightline(*command, "--dry-run", "--target", target) for command in (("submit",), schedule)
    ]

    assert [ended.code for ended in (compiled, *shown)] == [2, 2, 2]
    assert all(ended.err.count("expected a pushed image") == 1 for ended in (compiled, *shown))
    assert all("POST http" in ended.out for ended in shown)
    assert "its target cannot run it yet" in compiled.out
    assert "sightline/train:" in Path("pipeline.yaml").read_text(encoding="utf-8")
    assert clouds.num_runs(target) == 0


def test_a_cluster_is_no_place_for_run_and_this_machine_none_for_submit(clouds: Clouds) -> None:
    run = sightline("run", "--target", "cluster")
    submit = sightline("submit")

    assert "sightline submit --target cluster" in run.err
    assert "expected a target of kind kfp or vertex" in submit.err


@pytest.mark.parametrize("target", TARGETS)
def test_doctor_says_whether_a_cluster_is_ready(clouds: Clouds, target: str) -> None:
    ended = sightline("doctor", "--target", target)

    assert ended.code == 0, ended.out
    assert "answers; no runs yet" in ended.out
    assert "all recorded as pushed" in ended.out
    store = {
        "cluster": "s3://bucket/runs could not be read",
        "cloud": "gs://flowers-staging can be",
    }
    assert store[target] in " ".join(ended.out.split())


def test_doctor_notices_a_bucket_that_is_not_there(clouds: Clouds, tmp_path: Path) -> None:
    settings = tmp_path / "sightline.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("gs://flowers-staging", "gs://other"), encoding="utf-8")

    ended = sightline("doctor", "--target", "cloud")

    assert ended.code == 1
    assert "gs://other could not be read" in ended.out


def test_doctor_of_a_local_target_looks_at_this_machine(clouds: Clouds, tmp_path: Path) -> None:
    settings = tmp_path / "sightline.yaml"
    content = yaml.safe_load(settings.read_text(encoding="utf-8"))
    content["targets"]["here"] = {"kind": "local"}
    settings.write_text(yaml.safe_dump(content), encoding="utf-8")

    ended = sightline("doctor", "--target", "here")

    assert "TensorFlow" in ended.out, ended.err


@pytest.mark.parametrize("target", TARGETS)
def test_a_name_whose_run_is_over_says_so(clouds: Clouds, target: str) -> None:
    sightline("submit", "--target", target, "--name", "flowers-1")
    sightline("cancel", "flowers-1", "--target", target)
    clouds.end_cancelled("flowers-1", target)

    again = sightline("submit", "--target", target, "--name", "flowers-1")
    cancelled = sightline("cancel", "flowers-1", "--target", target)

    assert "flowers-1 was there already" in again.out
    assert "It is over (cancelled). To run again, choose another --name." in again.out
    assert "it is over (cancelled)" in cancelled.err


@pytest.mark.parametrize("target", TARGETS)
def test_to_download_nothing_is_an_error_that_says_why(clouds: Clouds, target: str) -> None:
    sightline("submit", "--target", target, "--name", "flowers-1")

    listed = sightline("artifacts", "flowers-1", "--target", target)
    ended = sightline("artifacts", "flowers-1", "--target", target, "--download", "there")

    assert listed.out.startswith("No artifacts.")
    assert ended.code == 2
    assert "run flowers-1: expected artifacts to download; received none. " in ended.err
    assert ("could not be read" if target == "cluster" else "it is ") in ended.err


def test_a_required_setting_may_come_from_the_command_line(clouds: Clouds, tmp_path: Path) -> None:
    settings = tmp_path / "sightline.yaml"
    content = yaml.safe_load(settings.read_text(encoding="utf-8"))
    del content["ingest"], content["targets"]["cluster"]["settings"]
    settings.write_text(yaml.safe_dump(content), encoding="utf-8")
    command = ("submit", "--target", "cluster", "--dry-run")

    given = sightline(*command, "--set", "ingest.source=s3://bucket/a", "--set", "train.epochs=3")
    missing = sightline(*command, "--set", "train.epochs=3")

    assert given.code == 0, given.err
    assert '"train_epochs": 3' in given.out
    assert "`ingest.source` is required" in missing.err


def test_suggested_commands_name_the_settings_file(clouds: Clouds, tmp_path: Path) -> None:
    (tmp_path / "sightline.yaml").rename(tmp_path / "other one.yaml")
    on = ("--target", "cluster", "--file", "other one.yaml")

    ended = sightline("submit", *on, "--name", "flowers-1")
    missing = sightline("schedule", "show", "nightly", *on)

    suggested = "--target cluster --file 'other one.yaml'"
    assert f"sightline show flowers-1 --wait {suggested}" in ended.out
    assert f"`sightline schedule list {suggested}`" in missing.err


def test_a_folder_is_no_package(clouds: Clouds, tmp_path: Path) -> None:
    ended = sightline("compile", "--target", "cluster", "-o", str(tmp_path))

    assert ended.code == 2
    assert "received a folder. Name a file in it" in ended.err


def test_a_comparison_says_when_the_store_could_not_be_read(clouds: Clouds) -> None:
    for number in ("1", "2"):
        sightline("submit", "--target", "cluster", "--name", f"flowers-{number}")

    ended = sightline("compare", "flowers-1", "flowers-2", "--target", "cluster")

    assert "Warning: Artifacts in s3://bucket/runs/" in ended.err
    assert "the evaluation of run flowers-1 is not known" in ended.out


def test_submissions_at_the_same_time_do_not_disturb_each_other(clouds: Clouds) -> None:
    command = [sys.executable, "-m", "sightline", "submit", "--target", "cluster", "--name"]

    running = [
        subprocess.Popen([*command, f"flowers-{number}"], stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    errors = [process.communicate()[1] for process in running]

    assert [process.returncode for process in running] == [0, 0, 0], errors
    assert clouds.num_runs("cluster") == 3


def test_waiting_and_json_exclude_each_other(clouds: Clouds) -> None:
    ended = sightline("show", "--wait", "--json", "--target", "cluster")

    assert ended.code == 2
    assert "expected --wait or --json" in ended.err


def test_an_empty_name_is_refused(clouds: Clouds) -> None:
    ended = sightline("submit", "--target", "cluster", "--name", "")

    assert ended.code == 2
    assert "expected a name of 1 to 128 characters" in ended.err


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_that_is_over_cannot_be_stopped(clouds: Clouds, target: str) -> None:
    sightline("submit", "--target", target, "--name", "flowers-1")
    if target == "cluster":
        clouds.kubeflow.runs.finish(next(iter(clouds.kubeflow.runs.runs)), "SUCCEEDED")
    else:
        next(iter(clouds.vertex.jobs.by_id.values())).finish()

    ended = sightline("cancel", "flowers-1", "--target", target)

    assert ended.code == 2
    assert "expected one that goes on; it is over (succeeded)" in ended.err
