import json
from datetime import UTC, datetime

import pytest
from google.cloud import aiplatform
from google.cloud.aiplatform_v1 import Schedule as Message

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.targets.vertex.engine import VertexEngine
from tests.sightline.targets.faults import Cut, Performed
from tests.sightline.targets.vertex.schedule_requests import BERLIN, nightly
from tests.sightline.targets.vertex.sdk import sdk_job, use_sdk
from tests.sightline.targets.vertex.server import BUCKET, VertexServer

SCHEDULES = r"/schedules$"


def message_of(server: VertexServer, schedule_id: str) -> Message:
    return Message.wrap(server.schedules.by_id[schedule_id])


def test_a_schedule_runs_the_package_in_the_users_zone(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    created = engine.create_schedule(nightly(), package)

    assert created.name == "nightly"
    assert created.cron == "30 2 * * *"
    assert created.zone == "Europe/Berlin"
    assert created.state == "active"
    assert [(run.hour, run.minute) for run in created.next_runs] == [(2, 30)]
    assert created.next_runs[0].tzinfo == BERLIN
    assert created.parameters == {"ingest_source": "gs://photos/flowers", "train_epochs": 5}
    assert created.created is not None
    assert created.url == (
        "https://console.cloud.google.com/vertex-ai/locations/europe-west4/pipelines/schedules/"
        f"{created.id}?project=flowers-project"
    )
    assert list(server.storage.buckets[BUCKET]) == ["pipelines/flowers/0.1.0-3f2a9c01b7de.yaml"]


def test_at_most_one_run_is_under_way_unless_more_are_asked_for(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    one = message_of(server, engine.create_schedule(nightly(), package).id)
    two = message_of(server, engine.create_schedule(nightly("two", max_concurrent=2), package).id)

    assert (one.max_concurrent_run_count, one.max_concurrent_active_run_count) == (1, 1)
    assert (two.max_concurrent_run_count, two.max_concurrent_active_run_count) == (2, 2)
    assert not one.allow_queueing


def test_start_and_end_are_handed_on(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    start = datetime(2027, 1, 1, 3, tzinfo=BERLIN)
    end = datetime(2027, 2, 1, tzinfo=UTC)

    created = engine.create_schedule(nightly(start=start, end=end), package)

    message = message_of(server, created.id)
    assert message.start_time == start
    assert message.end_time == end


def test_the_plan_of_a_schedule_is_what_is_sent(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    upload, create = engine.plan_schedule(nightly(), package)
    sent_by_planning = list(server.faults.requests)
    engine.create_schedule(nightly(), package)

    assert sent_by_planning == []
    assert upload.body["name"] == "pipelines/flowers/0.1.0-3f2a9c01b7de.yaml"
    assert create.address == (
        f"{server.address}/v1/projects/flowers-project/locations/europe-west4/schedules"
    )
    assert json.loads(json.dumps(create.body)) == server.schedules.bodies[-1]


def test_what_is_sent_is_what_googles_sdk_sends_and_the_title_of_the_runs(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.create_schedule(nightly(), package)
    ours = server.schedules.bodies[-1]
    job_labels = ours["createPipelineJobRequest"]["pipelineJob"]["labels"]
    job = sdk_job(server, package, "nightly", job_labels)
    schedule = aiplatform.PipelineJobSchedule(job, "nightly by the SDK", job.credentials)

    server.schedules.needs_title = False
    schedule.create(
        cron="TZ=Europe/Berlin 30 2 * * *",
        max_concurrent_run_count=1,
        max_concurrent_active_run_count=1,
    )

    theirs = server.schedules.bodies[-1]
    theirs["displayName"] = "nightly"
    theirs["createPipelineJobRequest"]["pipelineJob"]["displayName"] = "nightly"
    assert theirs == ours


def test_googles_sdk_reads_and_pauses_what_was_created(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    created = engine.create_schedule(nightly(), package)
    use_sdk(server)

    found = aiplatform.PipelineJobSchedule.get(created.id)
    found.pause()

    assert found.cron == "TZ=Europe/Berlin 30 2 * * *"
    assert engine.schedule("nightly").state == "paused"


def test_a_name_that_is_taken_is_refused_and_nothing_is_sent(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.create_schedule(nightly(), package)

    with pytest.raises(UserError) as caught:
        engine.create_schedule(nightly(), package)

    assert str(caught.value) == (
        "Target cloud: expected a name that is free; a schedule named nightly is there already. "
        "Delete it first (`sightline schedule delete nightly --target cloud`), or choose another "
        "name."
    )
    assert server.faults.count("POST", SCHEDULES) == 1


@pytest.mark.parametrize("status", [None, 500, 503])
def test_a_schedule_whose_answer_was_lost_is_found(
    engine: VertexEngine, server: VertexServer, package: Package, status: int | None
) -> None:
    server.faults.order("POST", SCHEDULES, status=status, performed="before")

    created = engine.create_schedule(nightly(), package)

    assert list(server.schedules.by_id) == [created.id]


@pytest.mark.parametrize("cut", ["length", "chunks"])
def test_a_schedule_whose_answer_broke_off_in_its_body_is_found(
    engine: VertexEngine, server: VertexServer, package: Package, cut: Cut
) -> None:
    server.faults.order("POST", SCHEDULES, cut=cut, performed="before")

    created = engine.create_schedule(nightly(), package)

    assert list(server.schedules.by_id) == [created.id]
    assert server.faults.count("POST", SCHEDULES) == 1


@pytest.mark.parametrize("status", [403, 502])
def test_a_schedule_whose_answer_was_none_of_the_services_is_found(
    engine: VertexEngine, server: VertexServer, package: Package, status: int
) -> None:
    body = '{"error": "upstream timed out"}'
    server.faults.order("POST", SCHEDULES, status=status, body=body, performed="before")

    created = engine.create_schedule(nightly(), package)

    assert list(server.schedules.by_id) == [created.id]
    assert server.faults.count("POST", SCHEDULES) == 1


@pytest.mark.parametrize(
    "fault", [{"cut": "length"}, {"status": 502, "body": '{"error": "timed out"}'}]
)
def test_a_schedule_with_a_damaged_answer_is_not_sent_twice(
    engine: VertexEngine, server: VertexServer, package: Package, fault: dict[str, object]
) -> None:
    server.faults.order("POST", SCHEDULES, **fault)

    with pytest.raises(UserError, match="It was not there when looked for") as caught:
        engine.create_schedule(nightly(), package)

    assert str(caught.value).startswith("Target cloud: could not create schedule nightly: the ")
    assert server.faults.count("POST", SCHEDULES) == 1


@pytest.mark.parametrize("status", [None, 500])
def test_a_schedule_that_was_not_created_is_not_sent_twice(
    engine: VertexEngine, server: VertexServer, package: Package, status: int | None
) -> None:
    server.faults.order("POST", SCHEDULES, status=status)

    with pytest.raises(UserError) as caught:
        engine.create_schedule(nightly(), package)

    assert str(caught.value).startswith("Target cloud: could not create schedule nightly: the ")
    assert str(caught.value).endswith(
        "It was not there when looked for. `sightline schedule list --target cloud` shows whether "
        "it has come since; if not, repeat the command."
    )
    assert server.faults.count("POST", SCHEDULES) == 1


@pytest.mark.parametrize("performed", ["before", "never"])
def test_after_an_answer_that_is_a_page_the_schedule_is_looked_for(
    engine: VertexEngine, server: VertexServer, package: Package, performed: Performed
) -> None:
    server.faults.order("POST", SCHEDULES, status=200, body="<p>Log in</p>", performed=performed)

    if performed == "before":
        assert engine.create_schedule(nightly(), package).name == "nightly"
    else:
        with pytest.raises(UserError, match="It was not there when looked for"):
            engine.create_schedule(nightly(), package)

    assert server.faults.count("POST", SCHEDULES) == 1


def test_a_schedule_that_cannot_be_looked_for_is_said_to_be_unknown(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", SCHEDULES, performed="before")
    server.faults.order("GET", SCHEDULES, status=200, body="<p>Log in</p>", after=1)

    with pytest.raises(UserError) as caught:
        engine.create_schedule(nightly(), package)

    assert "it could not be found out whether schedule nightly was created" in str(caught.value)
    assert str(caught.value).endswith(
        "`sightline schedule list --target cloud` shows whether it is there; if not, repeat the "
        "command."
    )


def test_a_quota_is_waited_for_before_a_schedule_is_created(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", SCHEDULES, status=429, headers={"Retry-After": "0"})

    engine.create_schedule(nightly(), package)

    assert len(server.schedules.by_id) == 1


def test_a_name_that_the_service_would_refuse_is_refused_before(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    with pytest.raises(UserError, match="expected a name of 1 to 64 characters for a schedule"):
        engine.create_schedule(nightly("n" * 65), package)

    assert server.faults.requests == []


def test_a_setting_that_does_not_exist_is_refused_before(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    with pytest.raises(UserError, match="received `train_epoch`"):
        engine.create_schedule(nightly(parameters={"train_epoch": 5}), package)

    assert server.faults.requests == []
