"""What notify takes from Vertex AI about reused tasks: from a server on loopback."""

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from components.notify.cluster import ClusterWeb
from components.notify.place import place_of
from components.notify.stage import look_around
from sightline.ground.run_account.account import NotTold
from sightline.ground.run_account.vertex import JOB, read_reused
from tests.components.ingest.web import loopback
from tests.components.notify.ended_runs import LAYOUTS, RUNS, Runs

NAME = "projects/4711/locations/europe-west4/pipelineJobs/flowers-1"


def served(answer: bytes, status: int = 200) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == f"/v1/{NAME}" else 404)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output free of requests."""

    return Handler


def test_a_reused_stage_has_the_figures_of_the_execution_that_was_reused(tmp_path: Path) -> None:
    runs, (first, second, third) = Runs(tmp_path, "vertex"), RUNS["vertex"]
    runs.write(first, accuracy=0.91, model="m1")
    runs.notify(first)
    runs.write(second, accuracy=0.99, model="m1")
    runs.notify(second)
    runs.write(third, without=("evaluate",), model="m1")
    evaluation = runs.task(first, "evaluate") / "evaluation"
    outputs = {"evaluation": {"artifacts": [{"uri": str(evaluation)}]}, "metrics": {}}
    details = [
        {"taskName": "evaluate", "state": "SKIPPED", "outputs": outputs},
        {"taskName": "exit-handler-1", "state": "RUNNING"},
    ]
    job = json.dumps({"jobDetail": {"taskDetails": details}}).encode()
    folder = LAYOUTS["vertex"].format(run=third, task="notify")
    place = place_of(f"{tmp_path}/{folder}/summary", "notify")

    with loopback(served(job)) as address:
        account = read_reused(ClusterWeb(address), NAME)
    found = look_around(place, "", account)

    assert [figure.value for figure in found.outcome().headline] == [0.91]
    assert found.reused_from == {"evaluate": first}
    assert f"evaluate was reused; its outputs are those of run {first}." in found.notes


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [(b"{}", 404, "no such job"), (b"{}", 403, "status 403"), (b"[]", 200, "something else")],
)
def test_what_vertex_ai_does_not_say_is_said(answer: bytes, status: int, words: str) -> None:
    with loopback(served(answer, status)) as address, pytest.raises(NotTold, match=words):
        read_reused(ClusterWeb(address), NAME)


def test_the_name_of_a_job_says_where_vertex_ai_is() -> None:
    found = JOB.fullmatch(NAME)

    assert found is not None and found["location"] == "europe-west4"
    assert JOB.fullmatch("flowers-training-abcde") is None
