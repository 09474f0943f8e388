"""Each failure is one clear line: what was asked, what came, what to do."""

import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from sightline.engines.engine import RunFilter
from sightline.ground.errors import UserError
from sightline.package.compiled import Package
from sightline.targets.kfp.engine import KubeflowEngine
from sightline.targets.kfp.settings import KubeflowTarget
from tests.sightline.targets.kfp.conftest import QUICK
from tests.sightline.targets.kfp.packages import submission
from tests.sightline.targets.kfp.server import KubeflowServer, kubeflow_server


def message(engine: KubeflowEngine) -> str:
    """What a person reads who lists runs."""
    with pytest.raises(UserError) as caught:
        engine.runs(RunFilter())
    text = str(caught.value)
    assert "\n" not in text
    return text


def engine_at(host: str, **settings: object) -> KubeflowEngine:
    target = KubeflowTarget.model_validate({"kind": "kfp", "host": host, **settings})
    return KubeflowEngine(target, "kfp", "flowers", environment={}, patience=QUICK)


def test_a_refused_connection() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{closed.getsockname()[1]}"

    assert message(engine_at(host)) == (
        f"Kubeflow at {host} (target kfp): tried to look for experiment flowers; the connection "
        "was refused. Check targets.kfp.host; start the port-forward if it needs one: kubectl "
        "port-forward -n kubeflow svc/ml-pipeline-ui 8080:80."
    )


def test_an_unknown_host() -> None:
    text = message(engine_at("http://kubeflow.invalid"))

    assert "found no such host. Check targets.kfp.host and the network." in text


def test_tls_where_there_is_none(server: KubeflowServer) -> None:
    text = message(engine_at(server.address.replace("http:", "https:")))

    assert "TLS failed" in text
    assert "Write targets.kfp.host with http:// in place of https://." in text


def test_a_host_that_does_not_answer_in_time(server: KubeflowServer) -> None:
    hasty = replace(QUICK, answer_seconds=0.2, attempts=2)
    engine = KubeflowEngine(server.target(), "kfp", "flowers", environment={}, patience=hasty)
    server.faults.order("GET", ".*", status=200, wait_seconds=0.5, times=9)

    assert "received no answer within the time limit. Try again" in message(engine)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (400, "Correct what it names."),
        (401, "Renew the credentials that targets.kfp.authentication names."),
        (403, "Ask for access to namespace kubeflow (ClusterRole kubeflow-pipelines-edit)"),
        (404, "it must be the address of Kubeflow Pipelines."),
        (409, "Choose another name."),
        (413, "Make the package smaller"),
        (500, "Try again; look at the log of the pod ml-pipeline if it stays so."),
        (503, "Try again; look at the log of the pod ml-pipeline if it stays so."),
    ],
)
def test_an_answer_that_says_no(
    server: KubeflowServer, engine: KubeflowEngine, status: int, remedy: str
) -> None:
    server.faults.order("GET", "/experiments", status=status, message="so it is", times=9)

    text = message(engine)

    assert f"received {status}: so it is. " in text
    assert remedy in text


def test_too_many_requests_are_repeated_as_told(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    server.faults.order("GET", "/experiments", status=429, headers={"Retry-After": "1"}, times=1)

    assert engine.runs(RunFilter()) == []
    assert server.faults.count("GET", "/experiments") == 2


def test_too_long_a_wait_is_left_to_the_person(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    server.faults.order("GET", "/experiments", status=429, headers={"Retry-After": "3600"})

    assert "There are too many requests; try again in 3600 s." in message(engine)
    assert server.faults.count("GET", "/experiments") == 1


@pytest.mark.parametrize("status", [None, 429, 502, 503, 504])
def test_reading_is_repeated_when_the_service_hiccups(
    server: KubeflowServer, engine: KubeflowEngine, status: int | None
) -> None:
    server.faults.order("GET", "/experiments", status=status, times=3)

    assert engine.runs(RunFilter()) == []


def test_reading_is_given_up_after_some_tries(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    server.faults.order("GET", "/experiments", times=99)

    assert "the connection broke before an answer came. Try again" in message(engine)
    assert server.faults.count("GET", "/experiments") == QUICK.attempts


def test_a_page_of_a_proxy_is_named_by_its_title(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    server.faults.order("GET", "/experiments", status=502, body=page, times=9)

    assert "received 502: an HTML page, 502 Bad Gateway. " in message(engine)


def test_a_long_message_with_a_stack_trace_is_shortened(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    said = f"{'no ' * 200}\n\t/go/src/backend/run_server.go:12"
    server.faults.order("GET", "/experiments", status=400, message=said)

    text = message(engine)

    assert "..." in text
    assert "/go/src" not in text
    assert len(text) < 600


def test_a_date_far_in_the_future_is_no_time_to_wait_for(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    headers = {"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}
    server.faults.order("GET", "/experiments", status=429, headers=headers, times=9)

    assert "There are too many requests; try again later." in message(engine)


def test_an_answer_that_is_nothing_is_not_kubeflows(
    server: KubeflowServer, engine: KubeflowEngine
) -> None:
    server.faults.order(
        "GET", "/experiments", status=200, body="null", content_type="application/json", times=9
    )

    assert "Check that targets.kfp.host is Kubeflow" in message(engine)


def test_a_login_page_in_place_of_an_answer(server: KubeflowServer, engine: KubeflowEngine) -> None:
    server.faults.order("GET", "/experiments", status=200, body="<html>Log in</html>")

    text = message(engine)

    assert "received an HTML page, most likely a login page: not logged in." in text
    assert "targets.kfp.authentication" in text


def test_the_way_to_a_login_page() -> None:
    with kubeflow_server(cookie="authservice_session=secret") as server:
        text = message(engine_at(server.address))

    assert "was sent on to /dex/auth, most likely a login page: not logged in." in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "body", ['{"experiments": [{"created_at": "yesterday"}]}', '{"experiments": 5}']
)
def test_an_answer_that_is_not_the_apis(
    server: KubeflowServer, engine: KubeflowEngine, body: str
) -> None:
    server.faults.order(
        "GET", "/experiments", status=200, body=body, content_type="application/json"
    )

    assert "received an answer that kfp 2.17 cannot read" in message(engine)


def test_a_package_that_kubeflow_refuses(
    server: KubeflowServer, engine: KubeflowEngine, package: Package
) -> None:
    body = '{"error_message": "Failed to create a version", "error_details": "Invalid spec"}'
    server.faults.order(
        "POST",
        "/pipelines/upload_version",
        status=400,
        body=body,
        content_type="application/json",
    )

    with pytest.raises(UserError, match=r"tried to upload version .* received 400: Invalid spec"):
        engine.submit(submission(package))


def test_a_secret_that_the_service_repeats_is_hidden(server: KubeflowServer) -> None:
    server.token = "other"
    target = server.target(authentication={"kind": "token", "variable": "TOKEN"})
    engine = KubeflowEngine(
        target, "kfp", "flowers", environment={"TOKEN": "s3cr3t"}, patience=QUICK
    )
    server.faults.order("GET", "/experiments", status=401, message="bad token s3cr3t")

    text = message(engine)

    assert "bad token ***" in text
    assert "s3cr3t" not in text


@pytest.mark.parametrize(
    "call",
    [
        lambda engine: engine.run("latest"),
        lambda engine: engine.schedules(),
        lambda engine: engine.cancel("4c3f8a90-0000-4000-8000-000000000000"),
    ],
)
def test_every_call_says_what_it_tried(
    server: KubeflowServer, engine: KubeflowEngine, call: Callable[[KubeflowEngine], object]
) -> None:
    server.faults.order("GET", ".*", status=403, message="RBAC: access denied", times=9)
    server.faults.order("POST", ".*", status=403, message="RBAC: access denied", times=9)

    with pytest.raises(UserError, match=r"tried to .*; received 403: RBAC: access denied"):
        call(engine)
