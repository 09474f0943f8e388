from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.schedules.cron import Cron
from sightline.schedules.schedule import ScheduleRequest
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.server import KubeflowServer

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = ScheduleRequest(
    name="nightly",
    cron=Cron.parse("30 2 * * *"),
    zone=BERLIN,
    parameters={"train_epochs": 5, "evaluate_min_accuracy": 0.9},
)


@pytest.fixture
def engine(server: KubeflowServer) -> KubeflowEngine:
    target = server.target(time_zone="Europe/Berlin", pipeline_root="s3://runs/flowers")
    return KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)


def test_a_schedule_is_a_recurring_run_of_the_uploaded_version(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    schedule = engine.create_schedule(NIGHTLY, package)

    (sent,) = server.recurring.recurring.values()
    (version,) = server.library.versions
    assert sent["trigger"] == {"cron_schedule": {"cron": "0 30 2 * * *"}}
    assert (sent["no_catchup"], sent["max_concurrency"], sent["mode"]) == (True, "1", "ENABLE")
    assert sent["pipeline_version_reference"]["pipeline_version_id"] == version
    parameters = sent["runtime_config"]["parameters"]
    assert sent["runtime_config"]["pipeline_root"] == "s3://runs/flowers"
    assert (parameters["train_epochs"], parameters["evaluate_min_accuracy"]) == (5, 0.9)
    assert parameters["train_recipe"] == "auto"
    assert schedule.parameters == NIGHTLY.parameters
    assert (schedule.name, schedule.cron, schedule.zone) == (
        "nightly",
        "30 2 * * *",
        "Europe/Berlin",
    )
    assert schedule.state == "active"
    assert schedule.url == f"{server.address}/#/recurringrun/details/{schedule.id}"
    assert schedule.parameters["train_epochs"] == 5
    assert len(schedule.next_runs) == 5
    assert all(f"{fire:%H:%M}" == "02:30" for fire in schedule.next_runs)


def test_start_end_catch_up_and_concurrency_are_sent(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    start, end = datetime(2099, 1, 1, tzinfo=UTC), datetime(2099, 1, 3, tzinfo=UTC)
    wanted = replace(NIGHTLY, start=start, end=end, catch_up=True, max_concurrent=3)

    schedule = engine.create_schedule(wanted, package)

    (sent,) = server.recurring.recurring.values()
    assert sent["trigger"]["cron_schedule"]["start_time"] == "2099-01-01T00:00:00+00:00"
    assert (sent["no_catchup"], sent["max_concurrency"]) == (False, "3")
    assert [f"{fire:%Y-%m-%d}" for fire in schedule.next_runs] == ["2099-01-01", "2099-01-02"]
    assert schedule.catch_up
    assert schedule.max_concurrent == 3


def test_times_of_another_zone_are_moved_into_the_controllers(
    server: KubeflowServer, package: Package
) -> None:
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=QUICK)
    wanted = replace(NIGHTLY, zone=ZoneInfo("Asia/Tokyo"))

    schedule = engine.create_schedule(wanted, package)

    (sent,) = server.recurring.recurring.values()
    assert sent["trigger"]["cron_schedule"]["cron"] == "0 30 17 * * *"
    assert (schedule.cron, schedule.zone) == ("30 2 * * *", "Asia/Tokyo")
    assert all(f"{fire:%H:%M}" == "02:30" for fire in schedule.next_runs)


def test_a_zone_that_the_controller_cannot_follow_is_refused_before_anything_is_sent(
    server: KubeflowServer, package: Package
) -> None:
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=QUICK)

    with pytest.raises(UserError, match="cronScheduleTimezone"):
        engine.create_schedule(NIGHTLY, package)

    assert server.faults.requests == []


def test_a_schedule_whose_controller_has_another_zone_now_is_shown_as_it_fires(
    server: KubeflowServer, package: Package
) -> None:
    def at(zone: str) -> KubeflowEngine:
        target = server.target(time_zone=zone)
        return KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)

    made = at("Europe/Berlin").create_schedule(NIGHTLY, package)
    moved = at("UTC").schedule(made.name)

    assert (made.cron, made.zone) == ("30 2 * * *", "Europe/Berlin")
    assert (moved.cron, moved.zone) == ("0 30 2 * * *", "UTC")
    assert all(f"{fire:%H:%M %Z}" == "02:30 UTC" for fire in moved.next_runs)


def test_of_two_schedules_with_one_name_none_is_taken_for_the_other(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    ids = [engine.create_schedule(replace(NIGHTLY, name=name), package).id for name in "ab"]
    server.recurring.recurring[ids[1]]["display_name"] = "a"

    with pytest.raises(UserError, match=r"there are 2, with the ids .* Give the id") as caught:
        engine.delete_schedule("a")
    engine.delete_schedule(ids[1])

    assert all(one in str(caught.value) for one in ids)
    assert list(server.recurring.recurring) == [ids[0]]


def test_more_concurrent_runs_than_kubeflow_allows_are_refused(
    engine: KubeflowEngine, package: Package
) -> None:
    with pytest.raises(UserError, match=r"at most 10 concurrent runs.*received 11"):
        engine.create_schedule(replace(NIGHTLY, max_concurrent=11), package)


@pytest.mark.parametrize("verb", ["plan_schedule", "create_schedule"])
def test_a_name_that_kubeflow_does_not_take_is_refused_before_anything_is_sent(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, verb: str
) -> None:
    with pytest.raises(UserError, match=r"Name of a schedule: expected 1 to 128 .* received 129"):
        getattr(engine, verb)(replace(NIGHTLY, name="x" * 129), package)

    assert server.faults.requests == []


def test_a_fire_at_exactly_the_start_is_left_out_and_one_at_the_end_is_not(
    engine: KubeflowEngine, package: Package
) -> None:
    start = datetime(2099, 1, 1, 2, 30, tzinfo=BERLIN)
    wanted = replace(NIGHTLY, start=start, end=start.replace(day=3))

    schedule = engine.create_schedule(wanted, package)

    assert [f"{fire:%Y-%m-%d}" for fire in schedule.next_runs] == ["2099-01-02", "2099-01-03"]


def test_a_name_that_is_taken_is_refused(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.create_schedule(NIGHTLY, package)

    with pytest.raises(UserError, match=r"it is taken.*schedule delete nightly --target kfp"):
        engine.create_schedule(replace(NIGHTLY, cron=Cron.parse("0 4 * * *")), package)

    assert len(server.recurring.recurring) == 1


def test_the_plan_is_what_is_sent(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    plan = engine.plan_schedule(NIGHTLY, package)

    assert server.faults.requests == []
    engine.create_schedule(NIGHTLY, package)
    sent = [line for line in server.faults.requests if line.startswith("POST")]
    assert [f"{r.method} {r.address.removeprefix(server.address)}" for r in plan] == sent
    (recurring,) = server.recurring.recurring.values()
    ids = {"experiment_id", "pipeline_version_reference"}
    body = {key: value for key, value in plan[-1].body.items() if key not in ids}
    assert body.items() <= recurring.items()


def test_pausing_and_resuming(engine: KubeflowEngine, package: Package) -> None:
    engine.create_schedule(NIGHTLY, package)

    paused = engine.pause_schedule("nightly")
    assert (paused.state, paused.next_runs) == ("paused", ())

    resumed = engine.resume_schedule("nightly")
    assert resumed.state == "active"
    assert resumed.next_runs


def test_listing_and_finding(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    assert engine.schedules() == []
    first = engine.create_schedule(NIGHTLY, package)
    second = engine.create_schedule(replace(NIGHTLY, name="weekly"), package)

    assert [schedule.name for schedule in engine.schedules()] == ["weekly", "nightly"]
    assert engine.schedule("weekly").id == second.id
    assert engine.schedule(first.id).name == "nightly"


def test_the_last_run_and_its_result(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    schedule = engine.create_schedule(NIGHTLY, package)
    server.recurring.fire(schedule.id)
    newest = server.recurring.fire(schedule.id)

    before = engine.schedule("nightly")
    server.runs.finish(newest, "RUNNING")
    under_way = engine.schedule("nightly")
    server.runs.finish(newest, "FAILED")
    ended = engine.schedule("nightly")

    assert {one.last_run for one in (before, under_way, ended)} == {newest}
    results = [one.last_result for one in (before, under_way, ended)]
    assert results == ["waiting", "running", "failed"]


def test_a_schedule_whose_end_has_passed(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.create_schedule(NIGHTLY, package)
    (entry,) = server.recurring.recurring.values()
    entry["trigger"]["cron_schedule"]["end_time"] = "2020-01-01T00:00:00Z"

    schedule = engine.schedule("nightly")

    assert (schedule.state, schedule.next_runs) == ("ended", ())


def test_a_schedule_that_others_made(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.create_schedule(NIGHTLY, package)
    (entry,) = server.recurring.recurring.values()
    entry["trigger"]["cron_schedule"]["cron"] = "30 0 4 ? * 2-6"
    del entry["description"]

    schedule = engine.schedule("nightly")

    assert (schedule.cron, schedule.zone) == ("30 0 4 ? * 2-6", "Europe/Berlin")
    assert schedule.next_runs == ()


@pytest.mark.parametrize("lost", [False, True])
def test_deleting(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, lost: bool
) -> None:
    engine.create_schedule(NIGHTLY, package)
    if lost:
        server.faults.order("DELETE", "/recurringruns/.*", performed="before")

    engine.delete_schedule("nightly")

    assert server.recurring.recurring == {}


def test_a_schedule_that_is_not_there(engine: KubeflowEngine, package: Package) -> None:
    engine.create_schedule(NIGHTLY, package)

    with pytest.raises(UserError, match=r"there is none .*Did you mean nightly\?"):
        engine.pause_schedule("nightl")
    with pytest.raises(UserError, match="sightline schedule list --target kfp"):
        engine.delete_schedule("something else")


def test_an_address_that_knows_no_schedules_is_no_deletion(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    engine.create_schedule(NIGHTLY, package)
    server.faults.order("GET", "/experiments", status=404)

    with pytest.raises(UserError, match="received 404"):
        engine.delete_schedule("nightly")

    assert len(server.recurring.recurring) == 1
