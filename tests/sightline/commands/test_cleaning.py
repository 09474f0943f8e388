"""`sightline runs delete`, `sightline runs name` and `sightline gc`, as a user types them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sightline.runs.records import PortsRecord
from sightline.schedules.cron import Cron
from sightline.schedules.schedule import ScheduleRequest
from tests.bundles import add_version
from tests.sightline.command_line import sightline
from tests.sightline.run_records import artifact, finished_run, task

OLD, MIDDLE, NEW = "20260101-000000-old", "20260201-000000-mid", "20260301-000000-new"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sightline.yaml").write_text(
        "pipeline: {name: pets}\ningest: {source: photos}\n", encoding="utf-8"
    )
    for run_id in (OLD, MIDDLE, NEW):
        finished_run(tmp_path / ".sightline", run_id)
    return tmp_path


def runs_there(project: Path) -> list[str]:
    return sorted(path.name for path in (project / ".sightline/runs").iterdir())


def deployed(project: Path, run_id: str, version: int, *, changed: bool = True) -> None:
    """A run that put a version live in the project's model folder."""
    root = project / ".sightline"
    folder = root / "runs" / run_id
    models = root / "models/pets"
    if changed:
        add_version(models, version)
    facts = {"folder": str(models), "version": version, "live": True, "changed": changed,
             "held_back": ""}  # fmt: skip
    made = artifact(folder, "deploy", "deployment", "Artifact", **facts)
    outputs = PortsRecord(artifacts={"deployment": made})
    finished_run(root, run_id, tasks={"deploy": task(folder, "deploy", outputs=outputs)})


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Another process that holds a lock, as a runner does."""
    code = (
        "import sys, time; from pathlib import Path\n"
        "from sightline.ground.storage.locks import try_to_hold\n"
        "lock = try_to_hold(Path(sys.argv[1])); print(flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.kill()


def test_a_run_is_deleted_after_what_it_frees_was_said(project: Path) -> None:
    (project / f".sightline/runs/{OLD}/artifacts/big").write_bytes(b"x" * 3_000_000)

    ended = sightline("runs", "delete", "old", "--yes")

    assert runs_there(project) == [MIDDLE, NEW]
    assert f"Goes: 1 run: {OLD} (succeeded)" in ended.out
    assert "Goes: artifacts of runs (1): 3.0 MB" in ended.out
    assert ended.out.index("Frees 3.0 MB") < ended.out.index("Done.")


@pytest.mark.usefixtures("project")
def test_nothing_goes_unless_a_person_says_so(project: Path) -> None:
    ended = sightline("runs", "delete", "old")

    assert ended.code == 2
    assert "expected --yes, since nobody can be asked here. Nothing was removed." in ended.err
    assert runs_there(project) == [OLD, MIDDLE, NEW]


def test_a_dry_run_removes_nothing(project: Path) -> None:
    ended = sightline("gc", "--keep", 0, "--dry-run")

    assert f"Goes: 3 runs: {NEW} (succeeded), {MIDDLE} (succeeded), {OLD} (succeeded)" in ended.out
    assert ended.out.endswith("Nothing was removed: this was a dry run.\n")
    assert runs_there(project) == [OLD, MIDDLE, NEW]


def test_gc_alone_removes_no_run(project: Path) -> None:
    ended = sightline("gc", "--yes")

    assert ended.out.endswith("Nothing to remove.\n")
    assert runs_there(project) == [OLD, MIDDLE, NEW]


def test_gc_keeps_the_newest_runs(project: Path) -> None:
    sightline("gc", "--keep", 2, "--yes")

    assert runs_there(project) == [MIDDLE, NEW]


@pytest.mark.usefixtures("project")
def test_gc_removes_runs_that_are_old_enough(project: Path) -> None:
    days = (datetime.now(UTC) - datetime(2026, 11, 21, tzinfo=UTC)).days

    sightline("gc", "--older-than", f"{days + 30}d", "--yes")
    assert len(runs_there(project)) == 3
    sightline("gc", "--older-than", "1s", "--keep", 1, "--yes")

    assert runs_there(project) == [NEW]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("age", ["", "30", "d", "-1d", "30 days"])
def test_an_age_says_its_unit(age: str) -> None:
    ended = sightline("gc", "--older-than", age)

    assert ended.code == 2
    assert "expected a number and s, m, h or d, such as 12h or 30d" in ended.err


def test_a_run_that_has_a_name_is_found_by_it_and_stays(project: Path) -> None:
    assert sightline("runs", "name", "old", "baseline").out == f"{OLD} is called baseline.\n"

    ended = sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == [OLD]
    assert f"Stays: {OLD}: it is named baseline." in ended.out
    assert "baseline" in sightline("show", "baseline").out
    sightline("runs", "name", "baseline", "")
    assert sightline("runs", "delete", "old", "--yes").code == 0


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("name", ["latest", NEW, "a/b", "two words", "taken"])
def test_a_name_that_is_taken_or_no_name_is_refused(name: str) -> None:
    sightline("runs", "name", "mid", "taken")

    ended = sightline("runs", "name", "old", name)

    assert ended.code == 2
    assert "expected a new name of letters, digits" in ended.err


def test_runs_behind_the_live_version_and_the_one_before_stay(project: Path) -> None:
    for version, run_id in enumerate((OLD, MIDDLE, NEW), start=1):
        deployed(project, run_id, version)

    ended = sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == [MIDDLE, NEW]
    models = project / ".sightline/models/pets"
    assert f"Stays: {NEW}: version 3 in {models}, which it made, is live." in ended.out
    assert "version 2" in ended.out
    assert "is the one to roll back to." in ended.out


def test_of_the_runs_that_found_a_version_live_the_one_that_put_it_there_stays(
    project: Path,
) -> None:
    deployed(project, OLD, 1)
    deployed(project, MIDDLE, 1, changed=False)
    deployed(project, NEW, 1, changed=False)

    sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == [OLD]


def test_a_run_that_is_live_cannot_be_deleted(project: Path) -> None:
    deployed(project, OLD, 1)

    ended = sightline("runs", "delete", OLD, MIDDLE, "--yes")

    assert ended.code == 2
    assert f"expected runs that nothing needs; received {OLD} (version 1 in " in ended.err
    assert runs_there(project) == [OLD, MIDDLE, NEW]


def test_a_run_that_cannot_be_read_is_deleted_by_its_id(project: Path) -> None:
    (project / f".sightline/runs/{OLD}/run.json").write_text("{")

    ended = sightline("runs", "delete", OLD, "--yes")

    assert "Goes: runs that cannot be read (1)" in ended.out
    assert runs_there(project) == [MIDDLE, NEW]


def test_a_run_of_which_settings_name_a_file_stays(project: Path) -> None:
    bundle = project / f".sightline/runs/{OLD}/artifacts/export/bundle"
    with (project / "sightline.yaml").open("a", encoding="utf-8") as file:
        file.write(f"evaluate: {{champion: {bundle}}}\n")

    ended = sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == [OLD]
    assert "sightline.yaml names a file of it." in ended.out


def test_a_run_whose_splits_the_next_run_keeps_stays(project: Path) -> None:
    folder = project / ".sightline/runs" / MIDDLE
    records = artifact(folder, "preprocess", "records", "Dataset")
    Path(records.uri).unlink()
    Path(records.uri).mkdir()
    (Path(records.uri) / "assignment.parquet").write_bytes(b"splits")
    outputs = PortsRecord(artifacts={"records": records})
    tasks = {"preprocess": task(folder, "preprocess", outputs=outputs)}
    finished_run(project / ".sightline", MIDDLE, tasks=tasks)

    sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == [MIDDLE]


def test_a_run_that_one_that_stays_would_read_on_resuming_stays(project: Path) -> None:
    splits = project / f".sightline/runs/{OLD}/artifacts/preprocess/records/assignment.parquet"
    root = project / ".sightline"
    finished_run(root, NEW, status="failed", parameters={"preprocess_splits_from": str(splits)})

    sightline("gc", "--keep", 1, "--yes")
    assert runs_there(project) == [OLD, NEW]
    sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == []


def test_the_last_run_of_a_schedule_and_what_it_names_stay(project: Path) -> None:
    from sightline.targets.local.schedules.engine import LocalSchedules
    from sightline.targets.local.schedules.store import Store, StoredRun

    root = project / ".sightline"
    schedules = LocalSchedules(root, settings=project / "sightline.yaml")
    weights = f".sightline/runs/{OLD}/artifacts/train/model"
    schedules.create(
        ScheduleRequest(
            name="nightly",
            cron=Cron.parse("0 2 * * *"),
            zone=ZoneInfo("UTC"),
            overrides=(f"train.weights={weights}",),
        )
    )
    with Store(root).transaction() as session:
        now = datetime.now(UTC)
        session.add(
            StoredRun(schedule="nightly", fire=now, owner="x", state="succeeded", run_id=MIDDLE)
        )

    ended = sightline("gc", "--keep", 0, "--yes")

    assert runs_there(project) == [OLD, MIDDLE]
    assert f"Stays: {OLD}: schedule nightly names a file of it." in ended.out
    assert f"Stays: {MIDDLE}: it is the last run of schedule nightly." in ended.out


def test_a_run_under_way_stays(project: Path) -> None:
    finished_run(project / ".sightline", NEW, status="running")
    with held(project / f".sightline/runs/{NEW}/lock"):
        ended = sightline("gc", "--keep", 0, "--yes")

    assert f"Stays: {NEW}: it is under way." in ended.out
    assert runs_there(project) == [NEW]


def test_what_killed_runs_left_goes_and_what_a_living_process_writes_stays(project: Path) -> None:
    root = project / ".sightline"
    dead = 2**22 + 1  # no process has such a number
    gone = [
        root / f"runs/{OLD}/artifacts/train/.model.partial/checkpoints/last.keras",
        root / f"runs/{OLD}/.run.{dead}.1.partial.json",
        root / f"cache/train/.abc.{dead}.1.partial.json",
        root / f".package.{dead}.x1_y.partial/pipeline.yaml",
        root / "models/pets/.staging-17/saved_model.pb",
        root / "models/pets/.removing-2/saved_model.pb",
        root / "models/pets/.damaged-3/saved_model.pb",
        root / "runs/20260301-000000-bad/lock",
    ]
    stays = [
        root / f"runs/{NEW}/artifacts/train/.model.partial/checkpoints/last.keras",
        root / f"cache/train/.def.{os.getpid()}.1.partial.json",
        root / "runs/20260401-000000-soon/pipeline.yaml",
        root / "models/pets/.rolled-back-4/saved_model.pb",
    ]
    for path in (*gone, *stays):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    with held(root / f"runs/{NEW}/lock"):
        ended = sightline("gc", "--yes")

    assert ended.code == 0
    assert [path for path in gone if path.exists()] == []
    assert not (root / f"runs/{OLD}/artifacts/train/.model.partial").exists()
    assert not (root / "runs/20260301-000000-bad").exists()
    assert [path for path in stays if not path.exists()] == []
    assert OLD in runs_there(project)


def test_a_folder_that_a_runner_has_just_made_stays_for_a_minute(project: Path) -> None:
    unborn = project / ".sightline/runs/20260401-000000-soon"
    unborn.mkdir()

    sightline("gc", "--yes")
    assert unborn.exists()
    past = time.time() - 120
    os.utime(unborn, (past, past))
    sightline("gc", "--yes")

    assert not unborn.exists()


def test_no_link_is_followed_out_of_the_project(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "precious").mkdir(parents=True)
    (elsewhere / "precious/photo.jpg").write_bytes(b"x" * 5_000_000)
    (elsewhere / ".model.partial").mkdir()
    runs = project / ".sightline/runs"
    (runs / OLD / "artifacts/link").symlink_to(elsewhere)
    finished_run(elsewhere, "20250101-000000-out")
    (runs / "20250101-000000-out").symlink_to(elsewhere / "runs/20250101-000000-out")

    refused = sightline("runs", "delete", "out", "--yes")
    ended = sightline("gc", "--keep", 0, "--yes")

    assert "it lies behind a link" in refused.err
    assert "5.0 MB" not in ended.out
    assert (elsewhere / "precious/photo.jpg").exists()
    assert (elsewhere / ".model.partial").exists()
    assert (elsewhere / "runs/20250101-000000-out/run.json").exists()
    assert runs_there(project) == ["20250101-000000-out"]


@pytest.mark.usefixtures("project")
def test_options_before_the_verb_are_refused() -> None:
    ended = sightline("runs", "--file", "other.yaml", "delete", "old")

    assert ended.code == 2
    assert "expected --file behind `runs delete`" in ended.err


def test_gc_removes_what_killed_processes_left_in_the_machines_cache(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_CACHE", str(project / "machine"))
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = project / f"machine/features/.abc.{ended.pid}.1.partial"
    left.mkdir(parents=True)
    (left / "ids.npy").write_bytes(b"x" * 300)
    (project / "machine/features/whole").mkdir()

    dry, done = sightline("gc", "--dry-run"), sightline("gc", "--yes")

    assert f"{project / 'machine'}, holds features 1 (300 bytes)" in dry.out
    assert "Goes: half-written entries of the machine's cache (1): 300 bytes" in dry.out
    assert done.code == 0
    assert not left.exists()
    assert (project / "machine/features/whole").is_dir()
