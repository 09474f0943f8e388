"""However answers get lost, a submission starts one run, and a schedule is created once."""

import shlex
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.engines.engine import Submission
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.schedules.cron import Cron
from sightline.schedules.schedule import ScheduleRequest
from sightline.targets.kfp.engine import KubeflowEngine
from tests.sightline.targets.faults import Cut
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.packages import submission
from tests.sightline.targets.kfp.server import KubeflowServer, kubeflow_server

NIGHTLY = ScheduleRequest(name="nightly", cron=Cron.parse("30 2 * * *"), zone=ZoneInfo("UTC"))
MINIMAL = """
components: {}
deploymentSpec: {executors: {}}
pipelineInfo: {name: flowers}
root: {dag: {tasks: {}}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
"""
HURRIED = replace(QUICK, attempts=2, pause_seconds=0.0, looks_after_seconds=(0.0,))


@pytest.mark.parametrize("status", [None, 500, 502, 503, 504])
def test_a_run_that_was_started_although_the_answer_was_lost_is_found(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, status: int | None
) -> None:
    server.faults.order("POST", "/runs", status=status, performed="before")

    started = engine.submit(submission(package))

    assert list(server.runs.runs) == [started.run_id]
    assert not started.was_there


@pytest.mark.parametrize("cut", ["length", "chunks"])
def test_a_run_whose_answer_broke_off_in_its_body_is_found(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, cut: Cut
) -> None:
    server.faults.order("POST", "/runs", cut=cut, performed="before")

    started = engine.submit(submission(package))

    assert list(server.runs.runs) == [started.run_id]
    assert not started.was_there
    assert server.faults.count("POST", "/runs") == 1


@pytest.mark.parametrize("cut", ["length", "chunks"])
def test_a_run_whose_answer_broke_off_and_that_is_not_listed_is_not_asked_for_again(
    server: KubeflowServer, package: Package, cut: Cut
) -> None:
    impatient = replace(QUICK, looks_after_seconds=(0.01,))
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=impatient)
    server.faults.order("POST", "/runs", cut=cut)

    with pytest.raises(UserError, match="not known whether Kubeflow did it: it is not listed yet"):
        engine.submit(submission(package))

    assert server.faults.count("POST", "/runs") == 1


def test_the_command_that_continues_can_be_pasted_whatever_the_name(
    server: KubeflowServer, package: Package
) -> None:
    impatient = replace(QUICK, looks_after_seconds=(0.01,))
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=impatient)
    server.faults.order("POST", "/runs", status=500, message="database is down")

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package, "Anna's run; 1"))

    assert shlex.split(str(caught.value).rpartition("sightline submit")[2])[2:] == [
        "--name",
        "Anna's run; 1",
    ]


def test_a_run_that_starts_long_after_the_answer_was_lost_is_found(
    server: KubeflowServer, package: Package
) -> None:
    patient = replace(QUICK, looks_after_seconds=(0.01, 0.1, 0.5, 5.0, 20.0))
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=patient)
    server.faults.order("POST", "/runs", performed="later")

    started = engine.submit(submission(package))

    assert list(server.runs.runs) == [started.run_id]


def test_when_nobody_knows_the_message_says_so_and_the_named_command_continues(
    server: KubeflowServer, package: Package
) -> None:
    impatient = replace(QUICK, looks_after_seconds=(0.01,))
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=impatient)
    server.faults.order("POST", "/runs", status=500, message="database is down")

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package))

    assert server.faults.count("POST", "/runs") == 1
    assert "received 500: database is down" in str(caught.value)
    assert "not known whether Kubeflow did it" in str(caught.value)
    assert str(caught.value).endswith("sightline submit --target kfp --name flowers-1")
    engine.submit(submission(package))
    assert len(server.runs.runs) == 1


def test_when_it_cannot_even_be_looked_up_the_message_says_so(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    server.faults.order("POST", "/runs", performed="before")
    server.faults.order("GET", "/runs", status=500, after=1, times=99)

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package, cache=False, train_epochs=5))

    assert "it could not be looked up. To continue safely: " in str(caught.value)
    assert str(caught.value).endswith("--name flowers-1 --no-cache, with the same --set as before")


def test_an_answer_that_takes_too_long_counts_as_lost(
    server: KubeflowServer, package: Package
) -> None:
    hasty = replace(QUICK, answer_seconds=2)
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=hasty)
    server.faults.order("POST", "/runs", status=200, performed="before", wait_seconds=4)

    started = engine.submit(submission(package))

    assert list(server.runs.runs) == [started.run_id]


def test_a_run_that_was_turned_away_for_now_is_asked_for_again(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    server.faults.order("POST", "/runs", status=429, headers={"Retry-After": "0"}, times=2)

    engine.submit(submission(package))

    assert server.faults.count("POST", "/runs") == 3
    assert len(server.runs.runs) == 1


@pytest.mark.parametrize("path", ["/experiments", "/pipelines", "/pipelines/upload_version"])
@pytest.mark.parametrize("status", [None, 500, 503])
def test_what_the_run_needs_is_created_once_although_the_answer_was_lost(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, path: str, status: int | None
) -> None:
    server.faults.order("POST", path, status=status, performed="before")

    engine.submit(submission(package))

    kept = (server.library.experiments, server.library.pipelines, server.library.versions)
    assert [len(entries) for entries in kept] == [1, 1, 1]
    assert len(server.runs.runs) == 1


@pytest.mark.parametrize("cut", [None, "length", "chunks"])
def test_a_schedule_that_was_created_although_the_answer_was_lost_is_found(
    engine: KubeflowEngine, server: KubeflowServer, package: Package, cut: Cut | None
) -> None:
    server.faults.order("POST", "/recurringruns", cut=cut, performed="before")

    schedule = engine.create_schedule(NIGHTLY, package)

    assert list(server.recurring.recurring) == [schedule.id]


def test_a_schedule_of_which_nobody_knows_is_not_asked_for_again(
    engine: KubeflowEngine, server: KubeflowServer, package: Package
) -> None:
    server.faults.order("POST", "/recurringruns", status=503)

    with pytest.raises(UserError, match="sightline schedule list --target kfp"):
        engine.create_schedule(NIGHTLY, package)

    assert server.faults.count("POST", "/recurringruns") == 1


PERFORMED = st.sampled_from(["never", "before", "later"])
KINDS = st.one_of(
    st.fixed_dictionaries(
        {"status": st.sampled_from([None, 500, 502, 503]), "performed": PERFORMED}
    ),
    st.fixed_dictionaries({"cut": st.sampled_from(["length", "chunks"]), "performed": PERFORMED}),
    st.just({"status": 429}),  # says that nothing was done
)
PATHS = [("POST", "/runs"), ("GET", "/runs"), ("POST", "/pipelines.*"), ("GET", ".*")]
FAULTS = st.tuples(st.sampled_from(PATHS), KINDS, st.integers(1, 3))


@pytest.mark.slow
@settings(max_examples=25)
@given(faults=st.lists(FAULTS, max_size=4), commands=st.integers(1, 3))
def test_whatever_fails_and_however_often_it_is_sent_there_is_never_a_second_run(
    tmp_path_factory: pytest.TempPathFactory,
    faults: list[tuple[tuple[str, str], dict[str, object], int]],
    commands: int,
) -> None:
    path = tmp_path_factory.mktemp("package") / "flowers.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    wanted = submission(Package(path=path, name="flowers", version="1"))
    with kubeflow_server() as server:
        for (method, pattern), kind, times in faults:
            server.faults.order(method, pattern, times=times, **kind)
        engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=HURRIED)

        for _ in range(commands):
            _submit_as_a_person(engine, server, wanted)

        server.faults.orders.clear()
        found = engine.submit(wanted)
        assert list(server.runs.runs) == [found.run_id]


def _submit_as_a_person(engine: KubeflowEngine, server: KubeflowServer, wanted: Submission) -> None:
    """Send a submission, and look at what the message says before sending it again."""
    try:
        engine.submit(wanted)
    except UserError:
        while server.faults.later:
            time.sleep(0.01)


def test_another_experiment_may_have_a_run_of_the_same_name(
    server: KubeflowServer, package: Package
) -> None:
    for experiment in ("flowers", "trees"):
        engine = KubeflowEngine(server.target(), "kfp", experiment, environment={}, patience=QUICK)
        started = engine.submit(submission(package))
        assert not started.was_there

    assert len(server.runs.runs) == 2
