"""Vertex AI's own client against a service on loopback, with real servers behind its endpoints."""

from pathlib import Path

import pytest

from components.deploy.by_hand import perform
from components.deploy.model_folder.examination import examine
from components.deploy.rollout import Rollout, planned, roll_out
from components.deploy.target import Bundle, target_of
from components.deploy.targets.vertex.target import Target
from sightline.clouds.google.endpoint import Endpoint
from sightline.ground.errors import DataError, SettingsError, UserError
from sightline.ground.models.model_folder import ROLLED_BACK_PREFIX
from sightline.stage.registry.places import place_of
from tests.components.deploy.targets.served_bundles import bundle
from tests.components.deploy.targets.vertex.conftest import QUICK, settings, target
from tests.sightline.targets.vertex.server import BUCKET, VertexServer

DIGEST, OTHER = "a" * 64, "b" * 64
CANARY = {"canary_share": 0.5, "canary_requests": 2, "max_canary_latency_ratio": 1000}

pytestmark = [pytest.mark.slow, pytest.mark.long]


def put(cloud: VertexServer, place: Path, **changes: object) -> Rollout:
    chosen = settings(cloud, **changes)
    return roll_out(target(cloud, **changes), Bundle.read(place), chosen)


def aliases(cloud: VertexServer) -> dict[str, list[str]]:
    return {one.version_id: sorted(one.version_aliases) for one in cloud.models.by_id["flowers"]}


def two_versions(cloud: VertexServer, tmp_path: Path, **changes: object) -> Rollout:
    put(cloud, bundle(tmp_path / "first", DIGEST))
    return put(cloud, bundle(tmp_path / "second", OTHER), **changes)


def test_from_nothing_to_an_answered_request(cloud: VertexServer, tmp_path: Path) -> None:
    done = put(cloud, bundle(tmp_path))

    assert done.changed
    assert done.smoke and done.smoke.num_requests == 2
    assert list(cloud.endpoints.by_id) == ["flowers"]
    assert cloud.endpoints.traffic("flowers") == {"1": 100}
    assert aliases(cloud) == {"1": ["champion", "default"]}
    assert cloud.endpoints.asked == [("flowers-rehearsal", "1")] * 2
    version = cloud.models.by_id["flowers"][0]
    assert version.artifact_uri == "gs://flowers-staging/models/flowers/bundles/" + DIGEST[:16]
    assert version.labels["sightline-bundle"] == DIGEST[:63]


def test_a_plan_changes_nothing(cloud: VertexServer, tmp_path: Path) -> None:
    folder = bundle(tmp_path)

    done = planned(target(cloud), Bundle.read(folder), settings(cloud))

    told = " ".join(step.text for step in done.steps)
    assert "Copy 5 files to version 1 of gs://flowers-staging/models/flowers." in told
    assert "Register it in model flowers" in told
    assert "Start 1 of n1-standard-2" in told
    assert not any(request.startswith(("POST", "PATCH")) for request in cloud.faults.requests)


def test_the_same_bundle_again_changes_nothing(cloud: VertexServer, tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    put(cloud, folder)

    again = put(cloud, folder)

    assert not again.changed and again.plan.verdict == "live already"
    assert len(cloud.models.by_id["flowers"]) == 1


def test_another_machine_is_no_other_version(cloud: VertexServer, tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    put(cloud, folder)

    done = put(cloud, folder, vertex_machine="n1-standard-8", vertex_max_replicas=3)

    assert done.changed
    assert cloud.endpoints.versions("flowers") == ["1"]
    (deployed,) = cloud.endpoints.by_id["flowers"].deployed_models
    assert deployed.dedicated_resources.machine_spec.machine_type == "n1-standard-8"
    assert deployed.dedicated_resources.max_replica_count == 3


def test_a_second_bundle_takes_its_endpoint_over(cloud: VertexServer, tmp_path: Path) -> None:
    done = two_versions(cloud, tmp_path)

    assert done.deployed and done.deployed.replaced == 1
    assert cloud.endpoints.traffic("flowers") == {"2": 100}
    assert cloud.endpoints.versions("flowers") == ["2"]
    assert aliases(cloud) == {"1": ["previous"], "2": ["champion", "default"]}
    assert done.deployed.rollback_command == "sightline rollback --target vertex"


def test_a_canary_that_stands_goes_live(cloud: VertexServer, tmp_path: Path) -> None:
    done = two_versions(cloud, tmp_path, **CANARY)

    assert done.changed
    assert [step.share for step in done.steps if step.share] == [0.5, 1.0]
    assert cloud.endpoints.traffic("flowers") == {"2": 100}


def failed_under_canary(cloud: VertexServer, tmp_path: Path, **changes: object) -> str:
    """Deploys a second version, and expects that the first has all requests again."""
    done = two_versions(cloud, tmp_path, **{**CANARY, **changes})

    assert not done.changed
    assert cloud.endpoints.traffic("flowers") == {"1": 100}
    assert cloud.endpoints.versions("flowers") == ["1"]
    assert aliases(cloud) == {"1": ["champion", "default"], "2": []}
    assert put(cloud, tmp_path / "second" / OTHER[:8]).plan.verdict == "held back"
    return done.held_back


def test_a_version_that_gets_slow_is_rolled_back(cloud: VertexServer, tmp_path: Path) -> None:
    cloud.endpoints.slow["2"] = 1.0

    told = failed_under_canary(cloud, tmp_path, max_canary_latency_ratio=1.5)

    assert "times the live version's" in told


def test_a_version_that_gets_wrong_is_rolled_back(cloud: VertexServer, tmp_path: Path) -> None:
    cloud.endpoints.wrong.add("2")

    assert "otherwise than when it was exported" in failed_under_canary(cloud, tmp_path)


def test_a_version_whose_server_fails_is_rolled_back(cloud: VertexServer, tmp_path: Path) -> None:
    cloud.endpoints.failing["2"] = 503

    assert "requests failed" in failed_under_canary(cloud, tmp_path)


def test_what_fails_its_golden_requests_gets_no_traffic(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path / "first", DIGEST))
    cloud.endpoints.wrong_at_rehearsal = True

    with pytest.raises(DataError, match=r"Smoke test: .*golden answers.*The live version is unt"):
        put(cloud, bundle(tmp_path / "second", OTHER))

    assert cloud.endpoints.traffic("flowers") == {"1": 100}
    assert cloud.endpoints.versions("flowers") == ["1"]
    assert list(cloud.endpoints.by_id) == ["flowers"]


WRITES = [
    ("POST", r"/models:upload$"),
    ("POST", r"/endpoints$"),
    ("POST", r"/endpoints/flowers:deployModel$"),
    ("PATCH", r"/endpoints/flowers$"),
    ("POST", r":mergeVersionAliases$"),
    ("POST", r"/upload/storage/"),
]
FAULTS = [
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"status": 500, "performed": "before"},
    {"cut": "length", "performed": "before"},
    {"cut": "chunks"},
    {"status": None, "performed": "before"},
    {"status": None, "performed": "later"},
    {"status": 504, "body": "<html>a proxy</html>", "performed": "before"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_whatever_goes_wrong_on_the_way_there_is_one_version(
    cloud: VertexServer, tmp_path: Path, fault: dict[str, object]
) -> None:
    for method, path in WRITES:
        cloud.faults.order(method, path, **fault)
    cloud.faults.order("GET", r"/operations", **{**fault, "performed": "never"})
    cloud.faults.order("POST", r":predict$", **fault)

    done = put(cloud, bundle(tmp_path))

    assert done.changed
    assert len(cloud.models.by_id["flowers"]) == 1
    assert list(cloud.endpoints.by_id) == ["flowers"]
    assert cloud.endpoints.versions("flowers") == ["1"]
    assert cloud.endpoints.traffic("flowers") == {"1": 100}
    assert all(fault.times == 0 for fault in cloud.faults.orders)


@pytest.mark.parametrize(("method", "path"), WRITES[:5])
def test_a_deployment_that_was_killed_is_gone_on_with(
    cloud: VertexServer, tmp_path: Path, method: str, path: str
) -> None:
    folder = bundle(tmp_path)
    cloud.faults.order(method, path, status=403, performed="before", body='"killed here"')
    with pytest.raises(UserError):
        two = put(cloud, folder)
        raise UserError(str(two.changed))  # what was done all the same is found

    done = put(cloud, folder)

    assert done.changed or done.plan.verdict == "live already"
    assert len(cloud.models.by_id["flowers"]) == 1
    assert cloud.endpoints.versions("flowers") == ["1"]


def test_a_full_quota_is_told_with_what_to_do(cloud: VertexServer, tmp_path: Path) -> None:
    cloud.operations.failures.append(("deploy", "The quota for n1-standard-2 is exhausted."))

    with pytest.raises(UserError, match=r"quota for n1-standard-2 is exhausted\. Ask for a higher"):
        put(cloud, bundle(tmp_path))

    # Neither the machine that did start nor the place for golden requests costs any more.
    assert list(cloud.endpoints.by_id) == ["flowers"]
    assert cloud.endpoints.versions("flowers") == []


def test_an_endpoint_of_another_model_is_left_alone(cloud: VertexServer, tmp_path: Path) -> None:
    put(cloud, bundle(tmp_path), vertex_endpoint="shared")
    endpoint = cloud.endpoints.by_id["shared"]
    endpoint.deployed_models[0].model = endpoint.deployed_models[0].model.replace("flowers", "pets")

    with pytest.raises(UserError, match=r"expected versions of model flowers at .*; pets "):
        put(cloud, bundle(tmp_path / "second", OTHER), vertex_endpoint="shared")


def test_an_endpoint_is_found_by_its_display_name(cloud: VertexServer, tmp_path: Path) -> None:
    put(cloud, bundle(tmp_path), vertex_endpoint="shared")
    cloud.endpoints.by_id["77"] = cloud.endpoints.by_id.pop("shared")
    renamed = cloud.endpoints.by_id["77"]
    renamed.name = renamed.name.replace("shared", "77")

    assert put(cloud, tmp_path / DIGEST[:8], vertex_endpoint="shared").plan.verdict == (
        "live already"
    )


def test_undeploy_stops_all_machines_and_keeps_the_versions(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path))

    told = target(cloud, vertex_endpoint="flowers").undeploy()

    assert told == (
        "Endpoint flowers is removed; the machines of version 1 ended.",
        "gs://flowers-staging/models/flowers keeps version 1; none is live.",
    )
    assert not cloud.endpoints.by_id
    assert len(cloud.models.by_id["flowers"]) == 1
    assert target(cloud, vertex_endpoint="flowers").undeploy()[0].startswith("Nothing: there is no")
    assert put(cloud, tmp_path / DIGEST[:8]).plan.version == 1


def test_an_endpoint_that_somebody_else_made_is_not_removed(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path))
    cloud.endpoints.by_id["flowers"].labels.clear()

    with pytest.raises(UserError, match="expected an endpoint that Sightline made"):
        target(cloud, vertex_endpoint="flowers").undeploy()

    assert cloud.endpoints.traffic("flowers") == {"1": 100}


@pytest.mark.parametrize("name", ["vertex_project", "vertex_location", "serving_image"])
def test_what_is_missing_is_named(cloud: VertexServer, name: str) -> None:
    with pytest.raises(
        SettingsError, match=f"deploy: `{name}`: expected a value for target vertex"
    ):
        target_of(settings(cloud, **{name: ""}))


def test_a_folder_that_vertex_cannot_read_is_refused(cloud: VertexServer, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gs://BUCKET/models/NAME\); received '/models'"):
        put(cloud, bundle(tmp_path), folder="/models")


def test_a_folder_that_a_pipeline_sees_is_the_bucket(cloud: VertexServer, tmp_path: Path) -> None:
    put(cloud, bundle(tmp_path), folder="/gcs/flowers-staging/models/flowers")

    assert cloud.models.by_id["flowers"][0].artifact_uri.startswith("gs://flowers-staging/models/")


def test_the_model_registry_says_what_the_model_folder_says(
    cloud: VertexServer, tmp_path: Path
) -> None:
    two_versions(cloud, tmp_path)

    perform({"settings": settings(cloud).model_dump(), "change": "rollback", "version": ""})

    assert cloud.endpoints.traffic("flowers") == {"1": 100}
    assert cloud.endpoints.versions("flowers") == ["1"]
    assert aliases(cloud) == {"1": ["champion", "default"], "2": []}
    labels = [dict(one.labels) for one in cloud.models.by_id["flowers"]]
    assert [one["sightline-standing"] for one in labels] == ["live", "rolled-back"]
    assert [one["sightline-version"] for one in labels] == ["1", "2"]


def test_whoever_is_killed_after_the_traffic_moved_leaves_what_the_next_one_sees(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path / "first", DIGEST))
    cloud.faults.order("POST", r"rewriteTo.*/flowers/2/", status=403)
    with pytest.raises(UserError):
        put(cloud, bundle(tmp_path / "second", OTHER))
    folder = place_of(settings(cloud).folder)
    killed = cloud.endpoints.traffic("flowers"), folder.versions()

    done = put(cloud, tmp_path / "second" / OTHER[:8])

    assert killed == ({"2": 100}, [1])
    assert done.plan.verdict == "live already"
    assert folder.versions() == [2, 1]
    assert aliases(cloud) == {"1": ["previous"], "2": ["champion", "default"]}


def test_doctor_compares_what_answers_with_what_the_folder_says(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path))
    before = {one.name: one for one in examine(target(cloud), "flowers")}
    cloud.endpoints.by_id["flowers"].traffic_split.clear()
    after = {one.name: one for one in examine(target(cloud), "flowers")}

    assert {one.state for one in before.values()} == {"ok"}
    assert before["Model Registry"].found == "model flowers: 1 version"
    assert "answers with nothing; the model folder says version 1" in after["Live there"].found


def test_doctor_tells_what_the_account_may_not(cloud: VertexServer) -> None:
    body = """{"error": {"message": "Permission 'aiplatform.endpoints.get' denied"}}"""
    cloud.faults.order("GET", "/endpoints/flowers$", status=403, body=body)

    *_, found = examine(target(cloud), "flowers")

    assert found.state == "problem" and "roles/aiplatform.user" in found.found


def test_traffic_that_somebody_moves_at_the_same_time_stays_theirs(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path / "first", DIGEST))
    (first,) = cloud.endpoints.by_id["flowers"].deployed_models
    cloud.endpoints.moved_meanwhile = {}

    with pytest.raises(UserError, match="somebody else did so at the same time"):
        Endpoint(target(cloud)._vertex, "flowers").split({first.id: 90, "7": 10})

    assert cloud.endpoints.traffic("flowers") == {}


def test_a_rollback_by_hand_ends_a_canary_that_most_requests_go_to(
    cloud: VertexServer, tmp_path: Path
) -> None:
    put(cloud, bundle(tmp_path / "first", DIGEST))
    second = Bundle.read(bundle(tmp_path / "second", OTHER))
    told: list[object] = []

    def by_hand(_: float) -> None:
        asked = {"settings": settings(cloud).model_dump(), "change": "rollback", "version": ""}
        told.extend(perform(asked)["changed"])

    chosen = settings(cloud, **{**CANARY, "canary_share": 0.8, "canary_wait_seconds": 60})
    done = roll_out(Target(chosen, QUICK), second, chosen, sleep=by_hand)

    assert told == ["Challenger 2 is taken back; version 1 answers everything."]
    assert "somebody took it back by hand" in done.held_back
    assert cloud.endpoints.traffic("flowers") == {"1": 100}
    assert cloud.endpoints.versions("flowers") == ["1"]


def test_undeploy_ends_the_model_that_is_live_not_the_newest(
    cloud: VertexServer, tmp_path: Path
) -> None:
    two_versions(cloud, tmp_path)
    perform({"settings": settings(cloud).model_dump(), "change": "rollback", "version": ""})
    newest = f"models/flowers/{ROLLED_BACK_PREFIX}2/bundle.json"
    blob = cloud.storage.buckets[BUCKET][newest]
    blob.content = blob.content.replace(b'"flowers"', b'"petals"')

    told = target(cloud).undeploy()

    assert told[0] == "Endpoint flowers is removed; the machines of version 1 ended."
    assert not cloud.endpoints.by_id
