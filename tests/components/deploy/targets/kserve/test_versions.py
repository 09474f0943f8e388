"""The model folder of an InferenceService: what it says is what answers, whoever changed it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from components.deploy.by_hand import perform
from components.deploy.rollout import Rollout, roll_out
from components.deploy.target import Bundle
from sightline.ground.errors import UserError
from sightline.ground.models.model_folder import FolderError
from sightline.stage.formats.model_folder import newest_sound
from sightline.stage.registry.bringing import folder_here
from sightline.stage.registry.changes import promote
from sightline.stage.registry.places import place_of
from sightline.stage.registry.registry import Registry
from tests.components.deploy.targets.kserve.cluster import KServe
from tests.components.deploy.targets.kserve.conftest import settings, target
from tests.components.deploy.targets.served_bundles import bundle
from tests.sightline.targets.vertex.storage import Storage

FOLDER = "gs://flowers/models/flowers"
FIRST, SECOND, THIRD = "a" * 64, "b" * 64, "c" * 64
CANARY = {
    "canary_share": 0.5,
    "canary_requests": 2,
    "canary_wait_seconds": 60,
    "max_canary_latency_ratio": 1000,
}

pytestmark = [pytest.mark.slow, pytest.mark.long]


def put(
    tmp_path: Path,
    digest: str,
    sleep: Callable[[float], object] = lambda seconds: None,
    **changes: object,
) -> Rollout:
    place = tmp_path / digest[:8]
    read = Bundle.read(place if place.is_dir() else bundle(tmp_path, digest))
    return roll_out(target(**changes), read, settings(**changes), sleep=sleep)


def by_hand(change: str, version: str = "", **changes: object) -> str:
    given = settings(**changes).model_dump(mode="json")
    done = perform({"settings": given, "change": change, "version": version})
    return " ".join(done["changed"])


def standings() -> dict[int, str]:
    return {one.number: one.standing for one in Registry(place_of(FOLDER)).entries()}


def test_what_answers_is_the_champion_of_the_gate(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)

    live, damaged = newest_sound(folder_here(FOLDER))

    assert live and (live.number, live.bundle_digest) == (2, SECOND) and not damaged
    assert cluster.traffic("flowers") == {"2": 100}
    assert standings() == {2: "live", 1: "earlier"}


def test_a_rollback_by_hand_moves_the_requests_and_is_remembered(
    cluster: KServe, tmp_path: Path
) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)

    told = by_hand("rollback")
    nightly = put(tmp_path, SECOND)

    assert told.endswith("Version 1 is live again in place of version 2.")
    assert "repeated its 2 golden answers" in told
    assert cluster.traffic("flowers") == {"1": 100}
    assert standings() == {2: "rolled back", 1: "live"}
    assert nightly.plan.verdict == "held back" and not nightly.changed


def test_what_was_rolled_back_is_sent_again_where_that_is_set(
    cluster: KServe, tmp_path: Path
) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)
    by_hand("rollback")

    done = put(tmp_path, SECOND, redeploy_rolled_back=True)

    assert done.changed and cluster.traffic("flowers") == {"3": 100}
    assert standings() == {3: "live", 2: "rolled back", 1: "earlier"}


def test_a_version_that_was_rolled_back_is_promoted(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)
    by_hand("rollback")

    told = by_hand("promote", "2")

    assert told.endswith("Version 2 is live in place of version 1.")
    assert cluster.traffic("flowers") == {"2": 100}
    assert standings() == {2: "live", 1: "earlier"}


def test_what_no_longer_repeats_its_golden_answers_is_not_gone_back_to(
    cluster: KServe, tmp_path: Path
) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)
    cluster.always_wrong = True

    with pytest.raises(UserError, match="Smoke test"):
        by_hand("rollback")

    assert cluster.traffic("flowers") == {"2": 100}
    assert standings() == {2: "live", 1: "earlier"}


def test_a_change_of_the_folder_alone_is_refused(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)

    with pytest.raises(
        FolderError, match=r"requests of InferenceService vision/flowers \(kserve\)"
    ):
        promote(place_of(FOLDER), "1")


def test_another_place_cannot_answer_from_the_same_folder(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)

    with pytest.raises(FolderError, match=r"answers from this folder; received Inf.*/other"):
        put(tmp_path, SECOND, kserve_service="other")

    assert list(cluster.services.objects) == ["flowers"]


def test_after_undeploy_nothing_is_live_until_the_next_deployment(
    cluster: KServe, tmp_path: Path
) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)

    told = target().undeploy()
    after, (live, _) = standings(), newest_sound(folder_here(FOLDER))
    again = put(tmp_path, SECOND)

    assert told[1] == f"{FOLDER} keeps version 2, 1; none is live."
    assert after == {2: "undeployed", 1: "undeployed"} and live is None
    assert again.changed and again.plan.version == 2
    assert standings() == {2: "live", 1: "earlier"}


def test_what_was_removed_by_others_is_started_again(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)
    cluster.services.objects.clear()
    cluster.pods.clear()

    done = put(tmp_path, FIRST)

    assert done.changed and done.plan.live is None
    assert cluster.traffic("flowers") == {"1": 100}
    assert standings() == {1: "live"}


def test_two_deployments_of_one_bundle_at_once_make_one_version(
    cluster: KServe, tmp_path: Path
) -> None:
    bundle(tmp_path, FIRST)

    with ThreadPoolExecutor(2) as at_once:
        done = [at_once.submit(put, tmp_path, FIRST) for _ in range(2)]

    verdicts = sorted(one.result().plan.verdict for one in done)
    assert verdicts == ["deploy", "live already"]
    assert standings() == {1: "live"} and cluster.traffic("flowers") == {"1": 100}


def test_two_deployments_at_once_go_live_one_after_the_other(
    cluster: KServe, tmp_path: Path
) -> None:
    for digest in (FIRST, SECOND):
        bundle(tmp_path, digest)

    with ThreadPoolExecutor(2) as at_once:
        done = [at_once.submit(put, tmp_path, digest) for digest in (FIRST, SECOND)]

    assert sorted(one.result().plan.version for one in done) == [1, 2]
    assert standings() == {2: "live", 1: "earlier"}
    assert cluster.traffic("flowers") == {"2": 100} and cluster.versions("flowers") == ["2"]


def test_a_rollback_by_hand_ends_a_canary(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)

    done = put(tmp_path, SECOND, sleep=lambda seconds: by_hand("rollback"), **CANARY)

    assert "somebody took it back by hand" in done.held_back
    assert cluster.traffic("flowers") == {"1": 100} and cluster.versions("flowers") == ["1"]
    assert standings() == {2: "rolled back", 1: "live"}
    assert put(tmp_path, SECOND).plan.verdict == "held back"


def test_a_rollback_by_hand_ends_a_canary_of_knative(cluster: KServe, tmp_path: Path) -> None:
    knative: dict[str, Any] = {"kserve_mode": "Knative"}
    put(tmp_path, FIRST, **knative)

    def stop(_: float) -> None:
        by_hand("rollback", **knative)

    done = put(tmp_path, SECOND, sleep=stop, **CANARY, **knative)

    assert "somebody took it back by hand" in done.held_back
    assert cluster.traffic("flowers") == {"1": 100}
    assert standings() == {2: "rolled back", 1: "live"}


def test_a_deployment_takes_over_from_one_under_canary(cluster: KServe, tmp_path: Path) -> None:
    put(tmp_path, FIRST)

    done = put(tmp_path, SECOND, sleep=lambda seconds: put(tmp_path, THIRD), **CANARY)

    assert not done.changed and "or with another deployment" in done.held_back
    assert cluster.traffic("flowers") == {"3": 100} and cluster.versions("flowers") == ["3"]
    assert standings() == {3: "live", 2: "rolled back", 1: "earlier"}


def test_copies_of_versions_that_are_gone_go_with_them(cluster: KServe, tmp_path: Path) -> None:
    for digest in (FIRST, SECOND, THIRD):
        done = put(tmp_path, digest, keep_versions=2)

    assert done.deployed and done.deployed.removed == (1,)
    copies = place_of(f"{FOLDER}/bundles").folders()
    assert sorted(copies) == [SECOND[:16], THIRD[:16]]


def test_where_a_version_cannot_be_read_every_copy_stays(
    cluster: KServe, storage: Storage, tmp_path: Path
) -> None:
    put(tmp_path, FIRST)
    put(tmp_path, SECOND)
    storage.buckets["flowers"]["models/flowers/2/bundle.json"].content = b"{}"

    told = put(tmp_path, FIRST)

    assert standings() == {2: "damaged", 1: "live"}
    assert told.changed
    copies = place_of(f"{FOLDER}/bundles").folders()
    assert sorted(copies) == [FIRST[:16], SECOND[:16]]


def test_undeploy_finds_a_service_whose_model_has_no_name_of_kubernetes(
    cluster: KServe, tmp_path: Path
) -> None:
    put(tmp_path, FIRST, kserve_service="my-flowers")
    given = settings().model_dump(mode="json")

    done = perform({"settings": given, "undeploy": "My_Flowers"})

    assert "vision/my-flowers is removed with the pods of version 1" in done["undeployed"][0]
    assert not cluster.services.objects
