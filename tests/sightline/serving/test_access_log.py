"""How a request is found again: its id, and its line in the log."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sightline.serving.web.access_log import MOST_REFUSED
from tests.sightline.serving.running import serving_folder
from tests.sightline.serving.served import b64, grey
from tests.sightline.serving.test_noise import logging_here


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with (
        serving_folder(folder, access_log=True) as address,
        httpx.Client(base_url=address, timeout=30) as opened,
    ):
        yield opened


def lines(client: httpx.Client, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The lines about requests since the last time."""
    client.get("/livez")  # once it is answered, what was before is in the log
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in found if line["event"] == "request"]


def test_a_request_is_a_line(client: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.dumps({"instances": [b64(grey(0)), b64(grey(255))]})

    with logging_here():
        client.post("/v1/models/flowers:predict", content=body, headers={"x-request-id": "a7"})

        (line,) = lines(client, capsys)
    assert (line["request_id"], line["protocol"], line["call"]) == ("a7", "tensorflow", "predict")
    assert (line["status"], line["images"], line["version"]) == (200, 2, "3")
    assert float(str(line["milliseconds"])) > 0
    assert line["bytes_in"] == len(body)


def test_answered_probes_are_no_line(
    client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_here():
        for address in ("/healthz", "/livez", "/readyz", "/v2/health/ready", "/metrics"):
            assert client.get(address).status_code == 200

        assert lines(client, capsys) == []


def test_refusals_do_not_fill_the_log(
    client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_here():
        for _ in range(MOST_REFUSED + 5):
            client.get("/none")

        found = lines(client, capsys)
    assert len(found) == MOST_REFUSED
    assert {line["status"] for line in found} == {404}


@pytest.mark.parametrize("path", ["/healthz", "/none", "/v1/models/none", "/predict"])
def test_every_answer_has_the_id_of_its_request(client: httpx.Client, path: str) -> None:
    response = client.get(path, headers={"x-request-id": "job-17/img_4"})

    assert response.headers["x-request-id"] == "job-17/img_4"


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", "é"])
def test_an_id_that_would_harm_a_log_is_replaced(client: httpx.Client, given: str) -> None:
    headers = {"x-request-id": given.encode()} if given else {}

    made = client.get("/livez", headers=headers).headers["x-request-id"]

    assert len(made) == 32
    assert made != client.get("/livez", headers=headers).headers["x-request-id"]


def test_a_refused_host_has_an_id_too(client: httpx.Client) -> None:
    response = client.get("/livez", headers={"host": "evil.example"})

    assert response.status_code == 403
    assert response.headers["x-request-id"]
