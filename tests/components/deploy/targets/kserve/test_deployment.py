"""The Kubernetes client against an API server on loopback, with real servers behind it."""

from pathlib import Path

import httpx
import pytest

from components.deploy.rollout import Rollout, planned, roll_out
from components.deploy.target import Bundle
from sightline.ground.errors import DataError, SettingsError, UserError
from tests.components.deploy.targets.kserve.cluster import KServe
from tests.components.deploy.targets.kserve.conftest import IMAGE, settings, target
from tests.components.deploy.targets.served_bundles import bundle
from tests.sightline.serving.served import b64, grey

DIGEST, OTHER = "a" * 64, "b" * 64
CANARY = {"canary_share": 0.5, "canary_requests": 2, "max_canary_latency_ratio": 1000}
MODES = pytest.mark.parametrize("mode", ["Standard", "Knative"])

pytestmark = [pytest.mark.slow, pytest.mark.long]


def put(place: Path, **changes: object) -> Rollout:
    return roll_out(target(**changes), Bundle.read(place), settings(**changes))


def two_versions(tmp_path: Path, mode: str, **changes: object) -> Rollout:
    put(bundle(tmp_path / "first", DIGEST), kserve_mode=mode)
    return put(bundle(tmp_path / "second", OTHER), kserve_mode=mode, **changes)


@MODES
def test_from_nothing_to_an_answered_request(cluster: KServe, tmp_path: Path, mode: str) -> None:
    done = put(bundle(tmp_path), kserve_mode=mode)

    assert done.changed and done.smoke and done.smoke.num_requests == 2
    assert cluster.traffic("flowers") == {"1": 100}
    address = f"{cluster.address}/ingress/flowers/v1/models/flowers:predict"
    answer = httpx.post(address, json={"instances": [b64(grey(255))]}).json()
    assert answer["predictions"][0]["class_name"] == "light"
    (container,) = cluster.services.objects["flowers"]["spec"]["predictor"]["containers"]
    assert container["image"] == IMAGE
    assert {
        "name": "STORAGE_URI",
        "value": f"gs://flowers/models/flowers/bundles/{DIGEST[:16]}",
    } in (container["env"])


def test_a_plan_changes_nothing(cluster: KServe, tmp_path: Path) -> None:
    done = planned(target(), Bundle.read(bundle(tmp_path)), settings())

    told = " ".join(step.text for step in done.steps)
    assert "Make InferenceService vision/flowers (Standard)" in told
    assert not cluster.services.objects


@MODES
def test_the_same_bundle_again_changes_nothing(cluster: KServe, tmp_path: Path, mode: str) -> None:
    folder = bundle(tmp_path)
    put(folder, kserve_mode=mode)
    before = cluster.services.objects["flowers"]["metadata"]["resourceVersion"]

    again = put(folder, kserve_mode=mode)

    assert not again.changed and again.plan.verdict == "live already"
    assert cluster.services.objects["flowers"]["metadata"]["resourceVersion"] == before


@MODES
def test_a_second_bundle_is_tested_before_it_answers(
    cluster: KServe, tmp_path: Path, mode: str
) -> None:
    done = two_versions(tmp_path, mode)

    assert done.deployed and done.deployed.replaced == 1
    assert cluster.traffic("flowers") == {"2": 100}
    assert cluster.versions("flowers") == ["2"]
    assert cluster.shares_seen == [{"1": 100}, {"2": 100}]
    assert done.deployed.rollback_command == "sightline rollback --target kserve"


@MODES
def test_a_canary_that_stands_goes_live(cluster: KServe, tmp_path: Path, mode: str) -> None:
    done = two_versions(tmp_path, mode, **CANARY)

    assert done.changed
    assert cluster.shares_seen == [{"1": 100}, {"1": 50, "2": 50}, {"2": 100}]


def failed_under_canary(cluster: KServe, tmp_path: Path, mode: str, **changes: object) -> str:
    """Deploys a second version, and expects that the first has all requests again."""
    done = two_versions(tmp_path, mode, **{**CANARY, **changes})

    assert not done.changed
    assert cluster.traffic("flowers") == {"1": 100}
    assert cluster.versions("flowers") == ["1"]
    assert {"2": 100} not in cluster.shares_seen
    again = put(tmp_path / "second" / OTHER[:8], kserve_mode=mode)
    assert again.plan.verdict == "held back"
    return done.held_back


@MODES
def test_a_version_that_gets_slow_is_rolled_back(
    cluster: KServe, tmp_path: Path, mode: str
) -> None:
    cluster.slow["2"] = 1.0

    told = failed_under_canary(cluster, tmp_path, mode, max_canary_latency_ratio=1.5)

    assert "times the live version's" in told


@MODES
def test_a_version_that_gets_wrong_is_rolled_back(
    cluster: KServe, tmp_path: Path, mode: str
) -> None:
    cluster.wrong.add("2")

    assert "otherwise than when it was exported" in failed_under_canary(cluster, tmp_path, mode)


def test_a_version_whose_server_fails_is_rolled_back(cluster: KServe, tmp_path: Path) -> None:
    cluster.failing["2"] = 503

    assert "requests failed" in failed_under_canary(cluster, tmp_path, "Standard")


@MODES
def test_what_fails_its_golden_requests_gets_no_request(
    cluster: KServe, tmp_path: Path, mode: str
) -> None:
    put(bundle(tmp_path / "first", DIGEST), kserve_mode=mode)
    cluster.always_wrong = True

    with pytest.raises(DataError, match=r"Smoke test: .*golden answers.*The live version is unt"):
        put(bundle(tmp_path / "second", OTHER), kserve_mode=mode)

    assert cluster.shares_seen == [{"1": 100}]
    assert cluster.versions("flowers") == ["1"]


def test_a_first_version_that_is_wrong_leaves_nothing(cluster: KServe, tmp_path: Path) -> None:
    cluster.always_wrong = True

    with pytest.raises(DataError, match="Smoke test"):
        put(bundle(tmp_path))

    assert not cluster.services.objects


def test_pods_that_do_not_start_are_told_in_kserve_words(cluster: KServe, tmp_path: Path) -> None:
    cluster.never_ready.add("1")

    with pytest.raises(DataError, match=r"version 1 ready within 1 sec.*KServe says: Rev"):
        put(bundle(tmp_path), ready_timeout_seconds=1)


def test_an_old_kserve_is_told_from_one_that_splits_requests(
    cluster: KServe, tmp_path: Path
) -> None:
    cluster.old = True
    put(bundle(tmp_path / "first", DIGEST))

    with pytest.raises(UserError, match=r"from version 0\.20 on; it dropped it"):
        put(bundle(tmp_path / "second", OTHER))


FAULTS = [
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"status": 500, "performed": "before"},
    {"cut": "length", "performed": "before"},
    {"cut": "chunks"},
    {"status": None, "performed": "before"},
    {"status": None, "performed": "later"},
    {"status": 504, "body": "<html>a proxy</html>", "performed": "before"},
    {"status": 200, "body": "<html>a login</html>"},
]


@MODES
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_whatever_goes_wrong_on_the_way_there_is_one_version(
    cluster: KServe, tmp_path: Path, fault: dict[str, object], mode: str
) -> None:
    cluster.faults.order("GET", "/inferenceservices/", **{**fault, "performed": "never"})
    cluster.faults.order("POST", "/inferenceservices$", **fault)
    put(bundle(tmp_path / "first", DIGEST), kserve_mode=mode)
    for path in ("/inferenceservices/", "/proxy/"):
        cluster.faults.order("POST" if path == "/proxy/" else "PUT", path, **fault)

    done = put(bundle(tmp_path / "second", OTHER), kserve_mode=mode)

    assert done.changed
    assert cluster.traffic("flowers") == {"2": 100}
    assert cluster.versions("flowers") == ["2"]
    assert [one.number for one in target().versions.entries()] == [2, 1]
    assert all(fault.times == 0 for fault in cluster.faults.orders)


@MODES
def test_a_deployment_that_was_killed_is_gone_on_with(
    cluster: KServe, tmp_path: Path, mode: str
) -> None:
    put(bundle(tmp_path / "first", DIGEST), kserve_mode=mode)
    second = bundle(tmp_path / "second", OTHER)
    cluster.faults.order("PUT", "/inferenceservices", status=403, performed="before")
    with pytest.raises(UserError, match=r"Give the account the role"):
        put(second, kserve_mode=mode)

    done = put(second, kserve_mode=mode)

    assert done.changed and done.plan.version == 2
    assert cluster.traffic("flowers") == {"2": 100}


def test_what_others_wrote_into_it_stays(cluster: KServe, tmp_path: Path) -> None:
    put(bundle(tmp_path / "first", DIGEST))
    spec = cluster.services.objects["flowers"]["spec"]
    spec["predictor"]["nodeSelector"] = {"zone": "a"}
    cluster.services.objects["flowers"]["metadata"]["labels"] = {"team": "vision"}

    put(bundle(tmp_path / "second", OTHER))

    found = cluster.services.objects["flowers"]
    assert found["spec"]["predictor"]["nodeSelector"] == {"zone": "a"}
    assert found["metadata"]["labels"] == {"team": "vision"}


def test_an_inference_service_of_others_is_left_alone(cluster: KServe, tmp_path: Path) -> None:
    put(bundle(tmp_path / "first", DIGEST))
    predictor = cluster.services.objects["flowers"]["spec"]["predictor"]
    next(one for one in predictor["containers"][0]["env"] if one["name"] == "SIGHTLINE_VARIANT")[
        "value"
    ] = "theirs"

    with pytest.raises(UserError, match="expected one that Sightline deployed to"):
        target(kserve_service="flowers").undeploy()


def test_undeploy_keeps_the_numbers_of_versions(cluster: KServe, tmp_path: Path) -> None:
    put(bundle(tmp_path / "first", DIGEST))

    told = target(kserve_service="flowers").undeploy()

    assert told[0] == "InferenceService vision/flowers is removed with the pods of version 1."
    assert not cluster.services.objects
    assert target(kserve_service="flowers").undeploy() == (
        "Nothing: there is no InferenceService vision/flowers.",
    )
    assert put(bundle(tmp_path / "second", OTHER)).plan.version == 2


def test_a_cluster_without_kserve_is_told(cluster: KServe, tmp_path: Path) -> None:
    page = {"status": 404, "body": "404 page not found", "content_type": "text/plain"}
    cluster.faults.order("GET", "/inferenceservices/", **page)

    with pytest.raises(UserError, match=r"answered 404 \(404 page not found\)\. Install KServe"):
        put(bundle(tmp_path))


def test_no_cluster_at_all_is_told(
    storage: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    with pytest.raises(UserError, match=r"deploy: expected a cluster, from a pod's service acc"):
        put(bundle(tmp_path))


def test_a_folder_on_this_machine_is_refused(cluster: KServe, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gs://BUCKET/models/NAME or s3://BUCKET"):
        put(bundle(tmp_path), folder="/models")
