import json
import re
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from google.auth.exceptions import RefreshError

from sightline.clouds.google.problems import explain
from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.targets.vertex.api.service import google_project
from sightline.targets.vertex.engine import VertexEngine
from tests.sightline.targets.vertex.conftest import QUICK
from tests.sightline.targets.vertex.packages import submission
from tests.sightline.targets.vertex.server import VertexServer

LIST = "Target cloud: could not list runs: "
OBJECTS = "Ask for permission storage.objects.create (in roles/storage.objectAdmin on the bucket)."
ACT_AS = (
    "Ask for permission iam.serviceAccounts.actAs (in roles/iam.serviceAccountUser on the service "
    "account)."
)
ENABLE = (
    "Enable the service: `gcloud services enable aiplatform.googleapis.com --project "
    "flowers-project`, and repeat the command after some minutes."
)

PAGE = (
    "the answer is none of the service's, perhaps a page of a proxy or of a network that wants a "
    "login. Check the network and targets.cloud.api_endpoint."
)


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def message(engine: VertexEngine) -> str:
    with pytest.raises(UserError) as caught:
        engine.runs(RunFilter())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_refused_connection_names_the_address_and_the_setting(
    server: VertexServer, closed_port: int
) -> None:
    address = f"http://127.0.0.1:{closed_port}"

    said = message(VertexEngine(server.target(api_endpoint=address), "cloud", "flowers", QUICK))

    assert said == (
        f"{LIST}{address} refused the connection. Check the network and targets.cloud.api_endpoint."
    )


def test_a_name_that_does_not_exist_is_named(server: VertexServer) -> None:
    address = "http://aiplatform.invalid"

    said = message(VertexEngine(server.target(api_endpoint=address), "cloud", "flowers", QUICK))

    assert said == (
        f"{LIST}the name of {address} was not found. Check the network and "
        "targets.cloud.api_endpoint."
    )


def test_a_connection_that_always_breaks_is_tried_four_times(
    engine: VertexEngine, server: VertexServer
) -> None:
    server.faults.order("GET", "/pipelineJobs", times=9)

    said = message(engine)

    assert said.startswith(f"{LIST}the connection to {server.address} broke. ")
    assert server.faults.count("GET", "/pipelineJobs") == 4


def test_an_answer_that_always_breaks_off_is_tried_four_times(
    engine: VertexEngine, server: VertexServer
) -> None:
    server.faults.order("GET", "/pipelineJobs", cut="length", times=9)

    assert message(engine) == (
        f"{LIST}the answer of the service broke off in the middle or is damaged. Check the network "
        "and targets.cloud.api_endpoint."
    )
    assert server.faults.count("GET", "/pipelineJobs") == 4


def test_reading_goes_on_after_a_short_failure(engine: VertexEngine, server: VertexServer) -> None:
    server.faults.order("GET", "/pipelineJobs")
    server.faults.order("GET", "/pipelineJobs", status=503)
    server.faults.order("GET", "/pipelineJobs", status=429, headers={"Retry-After": "0"})

    assert engine.runs(RunFilter()) == []


def test_reading_goes_on_after_damaged_answers(engine: VertexEngine, server: VertexServer) -> None:
    server.faults.order("GET", "/pipelineJobs", cut="length")
    server.faults.order("GET", "/pipelineJobs", cut="chunks")
    server.faults.order("GET", "/pipelineJobs", status=502, body='{"error": "timed out"}')

    assert engine.runs(RunFilter()) == []


def test_anonymous_credentials_that_are_refused_say_what_to_remove(
    engine: VertexEngine, server: VertexServer
) -> None:
    server.faults.order("GET", "/pipelineJobs", status=401)

    assert message(engine) == (
        f"{LIST}the service answered 401 (credentials are needed). The target sends none: remove "
        "targets.cloud.credentials."
    )


def test_missing_credentials_say_how_to_sign_in(
    server: VertexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)

    said = message(VertexEngine(server.target(credentials="default"), "cloud", "flowers", QUICK))

    assert said == (
        f"{LIST}no credentials for Google Cloud were found. Sign in with "
        "`gcloud auth application-default login`."
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "was not found"),
        ("{", "is not a valid json file: Expecting property name"),
        ('{"type": "service_account"}', "was not in the expected format, missing fields"),
    ],
)
def test_a_damaged_file_of_credentials_gives_googles_reason(
    server: VertexServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: str | None,
    reason: str,
) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    said = message(VertexEngine(server.target(credentials="default"), "cloud", "flowers", QUICK))

    assert said.startswith(f"{LIST}the credentials cannot be read (")
    assert str(file) in said
    assert reason in said
    assert "Correct the file, which GOOGLE_APPLICATION_CREDENTIALS may name." in said


def test_credentials_that_are_a_folder_are_told_in_one_line(
    server: VertexServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))

    said = message(VertexEngine(server.target(credentials="default"), "cloud", "flowers", QUICK))

    assert "the credentials cannot be read ([Errno 21] Is a directory" in said


def test_a_plan_needs_no_credentials(
    server: VertexServer, monkeypatch: pytest.MonkeyPatch, package: Package, tmp_path: object
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))

    requests = VertexEngine(server.target(credentials="default"), "cloud", "flowers").plan(
        submission(package)
    )

    assert [request.method for request in requests] == ["POST", "POST"]


@pytest.mark.parametrize(
    ("came", "to_do"),
    [
        (
            "Permission 'aiplatform.pipelineJobs.list' denied on resource (or it may not exist).",
            "Ask for permission aiplatform.pipelineJobs.list (in roles/aiplatform.user).",
        ),
        (
            "a@b.iam.gserviceaccount.com does not have storage.objects.create access.",
            OBJECTS,
        ),
        (
            "You do not have permission to act as service_account: a@b.iam.gserviceaccount.com.",
            ACT_AS,
        ),
        (
            "Vertex AI API has not been used in project 12 before or it is disabled.",
            ENABLE,
        ),
        ("No.", "Ask for roles/aiplatform.user in project flowers-project."),
    ],
)
def test_a_403_names_what_is_missing(
    engine: VertexEngine, server: VertexServer, came: str, to_do: str
) -> None:
    server.faults.order("GET", "/pipelineJobs", status=403, message=came)

    assert message(engine) == f"{LIST}the service answered 403 ({came.rstrip('.')}). {to_do}"


def test_a_disabled_service_is_told_by_its_reason(
    engine: VertexEngine, server: VertexServer
) -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}
    body = json.dumps({"error": {"code": 403, "message": "No.", "details": [info]}})
    server.faults.order(
        "GET", "/pipelineJobs", status=403, body=body, content_type="application/json"
    )

    assert "gcloud services enable aiplatform.googleapis.com" in message(engine)


def test_a_404_points_at_project_and_location(engine: VertexEngine, server: VertexServer) -> None:
    server.faults.order("GET", "/pipelineJobs", status=404)

    assert message(engine) == (
        f"{LIST}the service answered 404 (ordered by the test). Check targets.cloud.project and "
        "targets.cloud.location."
    )


@pytest.mark.parametrize("dated", [False, True])
def test_a_wait_that_is_too_long_is_told_at_once(
    engine: VertexEngine, server: VertexServer, dated: bool
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=900), usegmt=True)
    told = later if dated else "900"
    server.faults.order("GET", "/pipelineJobs", status=429, headers={"Retry-After": told})

    said = message(engine)

    assert "the service answered 429 (ordered by the test). Wait " in said
    assert "or ask for a higher quota." in said
    assert server.faults.count("GET", "/pipelineJobs") == 1


def test_a_page_of_html_is_read_as_text(engine: VertexEngine, server: VertexServer) -> None:
    page = "<html><style>p {}</style><p><h1>Bad Gateway</h1> try later</p></html>"
    server.faults.order("GET", "/pipelineJobs", status=502, body=page, times=9)

    assert "the service answered 502 (Bad Gateway try later). Repeat it" in message(engine)


@pytest.mark.parametrize(
    ("status", "body", "came", "requests"),
    [
        (502, '{"error": "upstream timed out"}', "502 (upstream timed out)", 4),
        (504, '"timed out"', '504 ("timed out")', 4),
        (503, '{"error": null}', '503 ({"error": null})', 4),
        (429, '{"error": "slow down"}', "429 (slow down)", 4),
        (403, '"no"', '403 ("no")', 1),
        (404, '{"error": "no route"}', "404 (no route)", 1),
        (401, "5", "401 (5)", 1),
        (400, '{"error": {"details": 5}}', '400 ({"error": {"details": 5}})', 1),
        (400, '{"error": {"message": 5, "details": ["a"]}}', "400 (5)", 1),
    ],
)
def test_an_error_that_is_none_of_the_services_is_told_in_one_line(
    engine: VertexEngine, server: VertexServer, status: int, body: str, came: str, requests: int
) -> None:
    server.faults.order("GET", "/pipelineJobs", status=status, body=body, times=9)

    assert message(engine) == f"{LIST}{PAGE.replace('answer', f'answer {came}')}"
    assert server.faults.count("GET", "/pipelineJobs") == requests


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/pipelineJobs/", lambda engine, package: engine.run("flowers-1")),
        ("/schedules", lambda engine, package: engine.schedule("nightly")),
        ("/schedules", lambda engine, package: engine.schedules()),
        ("/upload/", lambda engine, package: engine.submit(submission(package))),
        ("/pipelineJobs$", lambda engine, package: engine.submit(submission(package))),
    ],
)
def test_every_call_tells_an_error_of_a_proxy_in_one_line(
    engine: VertexEngine,
    server: VertexServer,
    package: Package,
    path: str,
    call: Callable[[VertexEngine, Package], object],
) -> None:
    for method in ("GET", "POST"):
        server.faults.order(method, path, status=403, body='{"error": "no"}')

    with pytest.raises(UserError, match=r"the answer 403 \(no\) is none of the service's"):
        call(engine, package)


@pytest.mark.parametrize("page", ["<html>Log in</html>", ""])
def test_a_page_instead_of_an_answer_points_at_the_network(
    engine: VertexEngine, server: VertexServer, page: str
) -> None:
    server.faults.order("GET", "/pipelineJobs", status=200, body=page)

    assert message(engine) == f"{LIST}{PAGE}"


def test_a_page_instead_of_an_answer_of_the_bucket_points_at_the_network(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", "/upload/", status=200, body="<html>Log in</html>")

    with pytest.raises(UserError, match=re.escape(PAGE)):
        engine.submit(submission(package))

    assert server.jobs.by_id == {}


def test_an_address_that_is_none_names_the_setting(server: VertexServer) -> None:
    target = server.target(api_endpoint="http://.invalid")

    said = message(VertexEngine(target, "cloud", "flowers", QUICK))

    assert said.startswith(f"{LIST}the address cannot be read (")
    assert said.endswith("Correct targets.cloud.api_endpoint.")


def test_what_the_service_refuses_is_said_in_its_words(
    engine: VertexEngine, server: VertexServer, package: Package
) -> None:
    server.faults.order("POST", "/pipelineJobs", status=400, message="pipeline_spec is invalid.")

    with pytest.raises(UserError) as caught:
        engine.submit(submission(package))

    assert str(caught.value) == (
        "Target cloud: could not start run flowers-1: the service answered 400 (pipeline_spec is "
        "invalid). Change what it names, and repeat the command."
    )


def test_a_sign_in_that_has_expired_says_how_to_sign_in_again(server: VertexServer) -> None:
    error = RefreshError("invalid_grant: Token has been expired or revoked.")

    assert explain(error, google_project(server.target(), "cloud")) == (
        "the credentials were refused (invalid_grant: Token has been expired or revoked). Sign in "
        "with `gcloud auth application-default login`."
    )


def test_an_error_of_our_own_is_no_problem_of_the_service(server: VertexServer) -> None:
    assert explain(KeyError("name"), google_project(server.target(), "cloud")) is None
