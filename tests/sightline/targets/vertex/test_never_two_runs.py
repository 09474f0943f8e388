"""A run is started once, whatever happens between here and the service."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.targets.vertex.engine import VertexEngine
from tests.sightline.targets.faults import Fault, Performed
from tests.sightline.targets.vertex.conftest import QUICK
from tests.sightline.targets.vertex.packages import submission
from tests.sightline.targets.vertex.server import BUCKET, VertexServer

JOBS = r"/pipelineJobs$"
JOB = r"/pipelineJobs/[^/:]+$"
CONTINUE = (
    "To continue safely: `sightline submit --target cloud --name flowers-1` with the same --set as "
    "before; it starts nothing if the run is there."
)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": None},
        {"status": 500},
        {"status": 503},
        {"cut": "length"},
        {"cut": "chunks"},
        {"status": 504, "body": '{"error": "upstream timed out"}'},
        {"status": 504, "body": '"no"'},
    ],
    ids=str,
)
@pytest.mark.parametrize(("performed", "requests"), [("before", 1), ("never", 2)])
def test_a_failure_in_the_middle_makes_one_run(
    engine: VertexEngine,
    server: VertexServer,
    package: Package,
    fault: dict[str, object],
    performed: Performed,
    requests: int,
) -> None:
    server.faults.order("POST", JOBS, performed=performed, **fault)

    started = engine.submit(submission(package))

    assert list(server.jobs.by_id) == ["flowers-1"]
    assert not started.was_there
    assert server.faults.count("POST", JOBS) == requests


def test_an_answer_that_cannot_be_unpacked_makes_one_run(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    packed = {"Content-Encoding": "gzip"}
    server.faults.order("POST", JOBS, status=200, headers=packed, body="{}", performed="before")

    started = engine.submit(submission(package))

    assert list(server.jobs.by_id) == ["flowers-1"]
    assert not started.was_there


@pytest.mark.parametrize("performed", ["before", "never"])
def test_after_a_refusal_that_is_none_of_the_services_the_run_is_looked_for(
    engine: VertexEngine, server: VertexServer, package: Package, performed: Performed
) -> None:
    server.faults.order("POST", JOBS, status=403, body='"no"', performed=performed)

    if performed == "before":
        assert not engine.submit(submission(package)).was_there
    else:
        with pytest.raises(UserError, match=r'the answer 403 \("no"\) is none of the') as caught:
            engine.submit(submission(package))
        assert str(caught.value).endswith(CONTINUE)

    assert server.faults.count("POST", JOBS) == 1
    assert len(server.jobs.by_id) == (performed == "before")


def test_the_same_submission_again_finds_its_run(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    first = engine.submit(submission(package, train_epochs=5))
    second = engine.submit(submission(package, train_epochs=5))

    assert second.was_there
    assert second.run_id == first.run_id
    assert len(server.jobs.by_id) == 1


def test_a_quota_is_waited_for_as_told(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", JOBS, status=429, headers={"Retry-After": "0"}, times=2)

    engine.submit(submission(package))

    assert server.faults.count("POST", JOBS) == 3
    assert len(server.jobs.by_id) == 1


def test_an_upload_that_breaks_off_is_repeated(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", "/upload/", performed="before")
    server.faults.order("POST", "/upload/", status=503)

    engine.submit(submission(package))

    assert len(server.storage.buckets[BUCKET]) == 1
    assert len(server.jobs.by_id) == 1


def test_a_service_that_stays_broken_is_left_with_a_way_to_go_on(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", JOBS, status=500, times=9)

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package))

    assert str(caught.value) == (
        "Target cloud: could not start run flowers-1: the service answered 500 (ordered by the "
        f"test). Repeat it in some minutes; https://status.cloud.google.com says more. {CONTINUE}"
    )


def test_a_run_that_cannot_be_looked_for_is_said_to_be_unknown(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", JOBS, performed="before")
    server.faults.order("GET", JOB, status=500, times=9)

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package))
    server.faults.orders.clear()
    again = engine.submit(submission(package))

    assert "it could not be found out whether run flowers-1 was started" in str(caught.value)
    assert str(caught.value).endswith(CONTINUE)
    assert again.was_there
    assert len(server.jobs.by_id) == 1


def test_a_name_that_another_run_has_is_refused(engine: VertexEngine, package: Package) -> None:
    engine.submit(submission(package, train_epochs=5))

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package, train_epochs=6))

    assert str(caught.value) == (
        "Target cloud: expected no other run named flowers-1; there is one that differs "
        "(parameter train_epochs: 5). Choose another name with --name."
    )


def test_a_name_that_a_run_with_other_caching_has_is_refused(
    engine: VertexEngine, package: Package
) -> None:
    engine.submit(submission(package))

    with pytest.raises(UserError, match=r"one that differs \(label sightline-cache: on\)"):
        engine.submit(replace(submission(package), cache=False))


def test_the_way_to_go_on_repeats_no_cache_and_quotes_the_name(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", JOBS, status=500, times=9)

    with pytest.raises(UserError) as caught:
        engine.submit(replace(submission(package, "Anna's run"), cache=False))

    assert str(caught.value).endswith(
        "`sightline submit --target cloud --name 'Anna'\"'\"'s run' --no-cache` with the same "
        "--set as before; it starts nothing if the run is there."
    )


@pytest.mark.parametrize("performed", ["before", "never"])
def test_after_an_answer_that_is_a_page_the_run_is_looked_for(
    engine: VertexEngine, server: VertexServer, package: Package, performed: Performed
) -> None:
    server.faults.order("POST", JOBS, status=200, body="<html>Log in</html>", performed=performed)

    if performed == "before":
        assert not engine.submit(submission(package)).was_there
    else:
        with pytest.raises(UserError, match="the answer is none of the service's") as caught:
            engine.submit(submission(package))
        assert str(caught.value).endswith(CONTINUE)

    assert server.faults.count("POST", JOBS) == 1
    assert len(server.jobs.by_id) == (performed == "before")


FAULTS = st.lists(
    st.builds(
        Fault,
        method=st.sampled_from(["GET", "POST"]),
        path=st.sampled_from([JOBS, JOB, "/upload/"]),
        status=st.sampled_from([None, 401, 403, 404, 409, 429, 500, 503]),
        performed=st.sampled_from(["never", "before"]),
        body=st.sampled_from([None, '{"error": "upstream timed out"}']),
        cut=st.sampled_from([None, "length", "chunks"]),
        times=st.integers(1, 3),
    ),
    max_size=4,
)


@pytest.mark.slow
@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(faults=FAULTS, commands=st.integers(1, 3))
def test_no_order_of_failures_makes_two_runs(
    server: VertexServer, package: Package, faults: list[Fault], commands: int
) -> None:
    engine = VertexEngine(server.target(), "cloud", "flowers", QUICK)
    server.jobs.by_id.clear()
    server.faults.orders[:] = faults

    said = []
    for _ in range(commands):
        try:
            said.append(engine.submit(submission(package)).run_id)
        except UserError:
            continue

    assert len(server.jobs.by_id) <= 1
    assert not said or list(server.jobs.by_id) == ["flowers-1"]
