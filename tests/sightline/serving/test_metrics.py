"""What Prometheus finds, asked of a running server."""

from typing import cast

import httpx
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from sightline.serving.web.accounts import Account
from sightline.serving.web.metrics import MOST_CLASSES, MOST_VERSIONS, Metrics, State
from tests.sightline.serving.served import b64, grey

PREDICT = "/v1/models/flowers:predict"


def measured(client: httpx.Client) -> dict[tuple[str, ...], float]:
    """Values by name of the sample and values of its labels, whose names are sorted."""
    text = client.get("/metrics").text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_protocol_call_and_status(client: httpx.Client) -> None:
    before = measured(client)

    client.post("/predict", content=grey(0))
    client.post(PREDICT, json={"instances": [b64(grey(0)), b64(grey(255))]})
    client.post(PREDICT, content=b"no JSON")

    after = measured(client)

    def gained(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    assert gained("sightline_requests_total", "predict", "plain", "200") == 1
    assert gained("sightline_requests_total", "predict", "tensorflow", "400") == 1
    assert gained("sightline_refusals_total", "malformed") == 1
    assert gained("sightline_answers_total", "dark", "3") == 2
    assert gained("sightline_answers_total", "light", "3") == 1
    assert gained("sightline_images_per_request_sum") == 3
    assert gained("sightline_request_seconds_count", "predict", "tensorflow") == 2
    assert gained("sightline_received_bytes_total") > 0


def test_the_state_of_the_server_is_told(client: httpx.Client) -> None:
    values = measured(client)

    assert values["sightline_live_version",] == 3
    assert values["sightline_version_loaded", "3"] == 1
    assert values["sightline_worker_places",] == 2
    assert values["sightline_worker_starts_total",] >= 2
    assert values["sightline_queue_length",] == 0
    assert values["sightline_bytes_in_flight",] == 0
    assert values["sightline_ready",] == 1
    assert values["sightline_golden_answer_timestamp_seconds",] > 1e9


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"x" * (1 << 20 | 1), "too large"), (b"no image", "image"), (b"", "malformed")],
    ids=["large", "none", "empty"],
)
def test_refusals_are_counted_by_reason(client: httpx.Client, content: bytes, reason: str) -> None:
    before = measured(client)

    client.post("/predict", content=content)

    key = ("sightline_refusals_total", reason)
    assert measured(client)[key] - before.get(key, 0) == 1


def test_what_clients_make_up_adds_no_series(client: httpx.Client) -> None:
    client.get("/v1/models/none")
    client.get("/none")
    client.request("BREW", "/none")
    before = set(measured(client))

    for number in range(5):
        client.get(f"/none/{number}", headers={"x-request-id": f"{number}"})
        client.get(f"/v1/models/none{number}")
        client.get(f"/v1/models/flowers/versions/{number + 100}")
        client.request("BREW", f"/none/{number}")

    assert set(measured(client)) == before


def test_the_address_of_tensorflow_serving_has_the_same(client: httpx.Client) -> None:
    response = client.get(
        "/monitoring/prometheus/metrics", headers={"accept": "application/openmetrics-text"}
    )

    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")
    assert "sightline_requests_total" in response.text


def test_many_versions_with_many_classes_have_no_more_series() -> None:
    metrics = Metrics(cast(State, CollectorRegistry()))

    for version in range(1, 9):
        for number in range(300):
            account = Account("", 0.0, status=200, version=str(version))
            account.answers = {f"class {number}": 2}
            metrics.hear(account)

    text = metrics.page("")[0].decode()
    counts = [line for line in text.splitlines() if line.startswith("sightline_answers_total{")]
    assert len(counts) == MOST_VERSIONS * (MOST_CLASSES + 1)
    assert f'class="other",version="8"}} {2.0 * (300 - MOST_CLASSES)}' in text
    assert 'version="1"' not in text
