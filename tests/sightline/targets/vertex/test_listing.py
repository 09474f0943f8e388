import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.runs.outcome import outcome_of
from sightline.targets.vertex.engine import VertexEngine
from sightline.targets.vertex.names import pipeline_label
from tests.sightline.targets.vertex.conftest import QUICK
from tests.sightline.targets.vertex.packages import submission
from tests.sightline.targets.vertex.server import BUCKET, VertexServer
from tests.sightline.targets.vertex.simulation import NUMBER


def test_runs_are_listed_newest_first_without_their_tasks(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    for number in range(1, 4):
        engine.submit(submission(package, f"flowers-{number}"))
    server.jobs.by_id["flowers-2"].finish()

    records = engine.runs(RunFilter(limit=2))

    assert [record.id for record in records] == ["flowers-3", "flowers-2"]
    assert [record.status for record in records] == ["waiting", "succeeded"]
    assert records[0].pipeline == "flowers"
    assert records[0].tasks == {}


def test_a_listing_says_what_came_out_of_runs_that_ended(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    for number in range(1, 4):
        engine.submit(submission(package, f"flowers-{number}"))
    figure = {"name": "f1", "label": "Test F1", "value": 0.7}
    summary = {"outcome": {"decision": "hold", "headline": [figure]}}
    for name in ("flowers-1", "flowers-2"):
        server.jobs.by_id[name].finish()
    place = f"gs://{BUCKET}/runs/{NUMBER}/flowers-2/notify_-595/summary/summary.json"
    server.storage.put(place, json.dumps(summary).encode())

    records = engine.runs(RunFilter(figures=True))

    found = [(r.id, dict(outcome_of(r).facts())) for r in records]
    assert found == [
        ("flowers-3", {}),
        ("flowers-2", {"Decision": "hold.", "Test F1": "0.700"}),
        ("flowers-1", {}),
    ]
    assert [record.warnings for record in records] == [[], [], []]


def test_a_long_listing_is_read_page_by_page_and_no_further(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.submit(submission(package, "run-0"))
    first = server.jobs.by_id["run-0"].job
    for number in range(1, 231):
        job = type(first)()
        job.CopyFrom(first)
        server.jobs.add("europe-west4", f"run-{number}", job)

    everything = engine.runs(RunFilter(limit=1000))
    requests = server.faults.count("GET", "/pipelineJobs")
    some = engine.runs(RunFilter(limit=150))

    assert len(everything) == 231
    assert requests == 3
    assert [record.id for record in some[:2]] == ["run-230", "run-229"]
    assert len(some) == 150


def test_jobs_of_others_are_not_listed(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.submit(submission(package))
    del server.jobs.by_id["flowers-1"].job.labels["sightline-pipeline"]

    assert engine.runs(RunFilter()) == []
    assert engine.run("flowers-1").id == "flowers-1"


def test_a_run_is_found_by_name_part_latest_and_resource(
    engine: VertexEngine, package: Package
) -> None:
    engine.submit(submission(package, "nightly-2026-11-21"))
    named = engine.submit(submission(package, "Nightly of the 22nd")).run_id

    assert engine.run("Nightly of the 22nd").id == named
    assert engine.run("11-21").id == "nightly-2026-11-21"
    assert engine.run("latest").id == named
    assert engine.run(f"projects/1/locations/europe-west4/pipelineJobs/{named}").id == named


def test_a_part_that_two_runs_have_names_both(engine: VertexEngine, package: Package) -> None:
    engine.submit(submission(package, "nightly-1"))
    engine.submit(submission(package, "nightly-2"))

    with pytest.raises(UserError) as caught:
        engine.run("ightly")

    assert str(caught.value) == (
        "Target cloud: expected one run with ightly in its name; received 2: nightly-2, "
        "nightly-1. Give more of the name."
    )


def test_a_run_that_does_not_exist_says_where_to_look(engine: VertexEngine) -> None:
    with pytest.raises(UserError) as missing:
        engine.run("nightly")
    with pytest.raises(UserError) as none:
        engine.run("latest")

    assert str(missing.value) == (
        "Target cloud: run nightly: expected a run of pipeline flowers; there is none with this "
        "name or id. `sightline runs --target cloud` lists them."
    )
    assert str(none.value) == (
        "Target cloud: expected a run of pipeline flowers; there is none yet. Start one with "
        "`sightline submit --target cloud`."
    )


def test_latest_and_parts_of_names_are_of_the_projects_pipeline(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    birds = VertexEngine(server.target(), "cloud", "birds", QUICK)
    engine.submit(submission(package, "flowers-run"))
    birds.submit(submission(replace(package, name="birds"), "birds-run"))

    with pytest.raises(UserError, match="run birds: expected a run of pipeline flowers; there"):
        engine.run("birds")

    assert engine.run("latest").id == engine.run("run").id == "flowers-run"
    assert [record.id for record in engine.runs(RunFilter())] == ["flowers-run"]
    assert [record.id for record in birds.runs(RunFilter())] == ["birds-run"]
    assert engine.run("birds-run").id == "birds-run"


def test_a_run_of_another_pipeline_is_not_stopped(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    engine.submit(submission(replace(package, name="birds"), "birds-run"))

    with pytest.raises(UserError) as caught:
        engine.cancel("birds-run")
    with pytest.raises(UserError, match="there is none yet"):
        engine.cancel("latest")

    assert str(caught.value) == (
        "Target cloud: expected a run of pipeline flowers; run birds-run is of pipeline birds. "
        "Stop it where it was started."
    )
    assert engine.run("birds-run").status == "waiting"


@given(st.text(min_size=1), st.text(min_size=1))
def test_every_pipeline_has_a_label_of_its_own(first: str, second: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{1,63}", pipeline_label(first))
    assert (pipeline_label(first) == pipeline_label(second)) == (first == second)
