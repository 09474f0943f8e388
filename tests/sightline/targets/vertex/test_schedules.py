from dataclasses import replace
from datetime import timedelta

import pytest
from google.cloud.aiplatform_v1 import Schedule as Message

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.schedules.cron import Cron
from sightline.targets.vertex.engine import VertexEngine
from tests.sightline.targets.vertex.conftest import QUICK
from tests.sightline.targets.vertex.schedule_requests import nightly
from tests.sightline.targets.vertex.server import DEPLOYED, VertexServer

SCHEDULES = r"/schedules$"


def test_a_schedule_knows_its_last_run(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    created = engine.create_schedule(nightly(), package)
    server.schedules.fire(created.id)
    second = server.schedules.fire(created.id)
    under_way = engine.schedule("nightly")
    server.jobs.by_id[second].outcome = DEPLOYED
    server.jobs.by_id[second].finish()

    over = engine.schedule("nightly")

    assert (created.last_run, created.num_runs) == (None, 0)
    assert over.num_runs == 2
    assert (under_way.last_run, under_way.last_result) == (second, "waiting")
    assert (over.last_run, over.last_result) == (second, "succeeded")
    assert engine.run(second).name == "nightly"
    assert engine.run(second).parameters["train_epochs"] == 5


def test_a_schedule_is_paused_resumed_and_deleted(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.create_schedule(nightly(), package)

    paused = engine.pause_schedule("nightly")
    again = engine.pause_schedule("nightly")
    resumed = engine.resume_schedule("nightly")
    engine.delete_schedule("nightly")

    assert (paused.state, paused.next_runs) == ("paused", ())
    assert again.state == "paused"
    assert resumed.state == "active"
    assert server.schedules.resumed == [(resumed.id, False)]
    assert engine.schedules() == []


def test_missed_fires_are_made_up_for_only_if_the_schedule_says_so(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    created = engine.create_schedule(nightly(catch_up=True), package)
    engine.pause_schedule("nightly")

    resumed = engine.resume_schedule("nightly")

    assert created.catch_up
    assert resumed.catch_up
    assert server.schedules.resumed == [(created.id, True)]


def test_a_deletion_that_takes_time_is_waited_for(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.create_schedule(nightly(), package)
    server.schedules.reads_until_gone = 3

    engine.delete_schedule("nightly")

    assert server.schedules.by_id == {}


def test_a_deletion_whose_answer_is_lost_is_done(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.create_schedule(nightly(), package)
    server.faults.order("DELETE", "/schedules/", performed="before")

    engine.delete_schedule("nightly")

    assert server.schedules.by_id == {}


def test_a_schedule_that_has_ended_has_no_next_run_and_stays_so(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    created = engine.create_schedule(nightly(), package)
    server.schedules.by_id[created.id].state = Message.State.COMPLETED

    ended = engine.schedule("nightly")
    with pytest.raises(UserError) as caught:
        engine.resume_schedule("nightly")

    assert (ended.state, ended.next_runs) == ("ended", ())
    assert str(caught.value) == (
        "Target cloud: expected schedule nightly to be active or paused; it has ended for good. "
        "Delete it (`sightline schedule delete nightly --target cloud`) and create another."
    )


def test_schedules_of_others_are_not_listed(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    first = engine.create_schedule(nightly(), package)
    second = engine.create_schedule(nightly("weekly", cron=Cron.parse("0 5 * * 1")), package)
    other = engine.create_schedule(nightly("by hand"), package)
    job = server.schedules.by_id[other.id].create_pipeline_job_request.pipeline_job
    del job.labels["sightline-pipeline"]

    found = engine.schedules()

    assert [schedule.id for schedule in found] == [second.id, first.id]
    assert engine.schedule(first.id).name == "nightly"


def test_two_schedules_of_one_name_are_told_by_their_ids(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    first = engine.create_schedule(nightly(), package)
    second = engine.create_schedule(nightly("other"), package)
    server.schedules.by_id[second.id].display_name = "nightly"

    with pytest.raises(UserError) as caught:
        engine.pause_schedule("nightly")

    assert str(caught.value) == (
        "Target cloud: expected one schedule named nightly; received 2, with the ids "
        f"{second.id}, {first.id}. Give the id instead of the name."
    )
    assert engine.pause_schedule(first.id).id == first.id


def test_a_schedule_that_does_not_exist_names_the_nearest(
    engine: VertexEngine, package: Package
) -> None:
    with pytest.raises(UserError) as none:
        engine.schedule("nightly")
    engine.create_schedule(nightly(), package)
    with pytest.raises(UserError) as near:
        engine.schedule("nigtly")

    assert str(none.value) == (
        "Target cloud: schedule nightly: expected a schedule of pipeline flowers; there is none "
        "with this name or id. `sightline schedule list --target cloud` shows them."
    )
    assert str(near.value) == (
        "Target cloud: schedule nigtly: expected a schedule of pipeline flowers; there is none "
        "with this name or id. Did you mean nightly?"
    )


def test_a_schedule_without_a_zone_is_in_utc(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    created = engine.create_schedule(nightly(), package)
    server.schedules.by_id[created.id].cron = "0 4 * * *"

    found = engine.schedule("nightly")

    assert (found.cron, found.zone) == ("0 4 * * *", "UTC")
    assert found.next_runs[0].utcoffset() == timedelta(0)


def test_two_projects_have_schedules_of_one_name(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    birds = VertexEngine(server.target(), "cloud", "birds", QUICK)
    theirs = birds.create_schedule(nightly(), replace(package, name="birds"))

    ours = engine.create_schedule(nightly(), package)
    listed = engine.schedules()
    engine.delete_schedule("nightly")

    assert [schedule.id for schedule in listed] == [ours.id]
    assert list(server.schedules.by_id) == [theirs.id]


def test_a_schedule_of_another_pipeline_is_not_deleted(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    theirs = engine.create_schedule(nightly(), replace(package, name="birds"))

    for name in ("nightly", theirs.id):
        with pytest.raises(UserError, match="a schedule of pipeline flowers; there is none"):
            engine.delete_schedule(name)

    assert list(server.schedules.by_id) == [theirs.id]
