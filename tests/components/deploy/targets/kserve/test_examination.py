"""What `sightline doctor` says of a cluster with KServe."""

from pathlib import Path

import pytest

from components.deploy.model_folder.examination import Finding, examine
from components.deploy.rollout import roll_out
from components.deploy.target import Bundle
from tests.components.deploy.targets.kserve.cluster import KServe
from tests.components.deploy.targets.kserve.conftest import settings, target
from tests.components.deploy.targets.served_bundles import bundle
from tests.sightline.targets.vertex.storage import Storage

pytestmark = pytest.mark.slow


def findings(**changes: object) -> dict[str, Finding]:
    return {one.name: one for one in examine(target(**changes), "flowers")}


def test_a_cluster_that_can_be_deployed_to(cluster: KServe, storage: Storage) -> None:
    storage.put("gs://flowers/photos/1.jpg", b"a photo")

    found = findings()

    assert {one.state for one in found.values()} == {"ok"}
    assert found["Model folder"].found.endswith("can be read; versions: none yet")
    assert found["Rights"].found == "the account may deploy in namespace vision"
    assert found["Live there"].found.startswith("nothing, at InferenceService vision/flowers")


def test_what_answers_is_compared_with_what_the_folder_says(
    cluster: KServe, tmp_path: Path
) -> None:
    roll_out(target(), Bundle.read(bundle(tmp_path)), settings())
    before = findings()["Live there"]
    cluster.services.objects.clear()

    after = findings()["Live there"]

    assert before.found == "version 1, at InferenceService vision/flowers"
    assert after.state == "warning"
    assert after.found.endswith("answers with nothing; the model folder says version 1")
    assert "sightline undeploy --target kserve" in after.remedy


def test_an_account_that_may_not_deploy_is_told_which_role(cluster: KServe) -> None:
    cluster.denied |= {"create inferenceservices", "create services"}

    found = findings()["Cloud"]

    assert found.state == "problem"
    assert "it may not: create inferenceservices, create services/proxy. Give" in found.found


def test_a_cluster_without_kserve_is_told(cluster: KServe) -> None:
    page = {"status": 404, "body": "404 page not found", "content_type": "text/plain"}
    cluster.faults.order("GET", "v1beta1$", **page)

    assert "Install KServe" in findings()["Cloud"].found


def test_a_bucket_that_is_not_there_is_told(cluster: KServe) -> None:
    found = findings(folder="gs://nobody/models")["Model folder"]

    assert found.state == "warning" and "gs://nobody holds nothing, or is not there" in found.found


def test_a_missing_server_image_is_told_with_what_to_do(cluster: KServe) -> None:
    found = findings(serving_image="")["Settings of deploy"]

    assert found.state == "problem" and "sightline images build serving --push" in found.found


def test_an_image_that_may_change_is_noticed(cluster: KServe) -> None:
    found = findings(serving_image="registry.example.com/serving:latest")["Server image"]

    assert found.state == "warning"
