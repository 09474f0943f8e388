import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.lint.places import is_below
from tests.sightline.lint.packages import (
    container,
    documents,
    linted,
    of_rule,
    only,
    pod,
)


@pytest.mark.parametrize("source", ["/home/me/photos", "photos", "file:///home/me/photos"])
def test_a_source_on_this_machine_is_a_problem_on_kubeflow(source: str) -> None:
    found = only(linted("kfp", parameters={"ingest_source": source}))

    assert (found.severity, found.where) == ("problem", "ingest.source")
    assert f"ingest reaches in the cluster; received the path {source}" in found.message
    assert "s3://, gs:// or https://" in found.remedy


@pytest.mark.parametrize("parameter", ["deploy_folder", "evaluate_champion", "train_weights"])
def test_every_place_is_looked_at(parameter: str) -> None:
    where = parameter.replace("_", ".", 1)

    assert only(linted("kfp", parameters={parameter: "/home/me/file"})).where == where
    assert only(linted("vertex", parameters={parameter: "/home/me/file"})).where == where


def test_a_path_on_a_volume_of_the_task_is_fine() -> None:
    assert linted("kfp", parameters={"deploy_folder": "/models/other"}) == []


def test_a_path_on_a_volume_of_other_tasks_alone_is_a_problem() -> None:
    found = only(linted("kfp", parameters={"train_weights": "/models/weights.h5"}))

    assert "expected a place that train reaches" in found.message


@pytest.mark.parametrize("path", ["/models/../home/me", "/models-of-mine/a"])
def test_a_path_beside_a_volume_is_a_problem(path: str) -> None:
    assert only(linted("kfp", parameters={"deploy_folder": path})).where == "deploy.folder"


def test_a_model_folder_in_an_object_store_needs_keys_on_kubeflow() -> None:
    found = only(linted("kfp", parameters={"deploy_folder": "gs://models/flowers"}))

    assert (found.severity, found.rule) == ("warning", "credentials")
    assert linted("kfp", parameters={"deploy_folder": "s3://models/flowers"}) == []


def test_a_model_folder_at_a_web_address_is_a_problem_on_kubeflow() -> None:
    found = only(linted("kfp", parameters={"deploy_folder": "https://example.com/models"}))

    assert "expected a folder on a volume, at gs:// or s3://; received https://" in found.message
    assert "targets.kfp.kubernetes.volumes" in found.remedy


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_a_scheme_that_stages_do_not_read_is_a_problem(target: str) -> None:
    found = linted(target, parameters={"ingest_source": "minio://photos/flowers"})

    assert "or a path; received minio://" in only(found).message
    assert "AWS_ENDPOINT_URL" in only(found).remedy


def test_a_source_on_s3_without_keys_is_a_warning() -> None:
    package = documents("kfp")
    del pod(package, "ingest")["secretAsEnv"]
    del pod(package, "fingerprint")["secretAsEnv"]

    found = linted("kfp", package)

    assert {(finding.rule, finding.severity) for finding in found} == {("credentials", "warning")}
    assert "ingest has no AWS_ACCESS_KEY_ID and no service account" in found[-1].message


@pytest.mark.parametrize("source", ["gs://photos/flowers", "https://example.com/flowers.zip"])
def test_public_data_needs_no_keys_but_cloud_storage_is_asked_about(source: str) -> None:
    rules = {item.rule for item in linted("kfp", parameters={"ingest_source": source})}

    assert rules == ({"credentials"} if source.startswith("gs://") else set())


def test_a_service_account_is_enough_for_a_store() -> None:
    parameters = {"ingest_source": "gs://photos/flowers"}

    assert linted("kfp", parameters=parameters, settings={"service_account": "runner"}) == []


def test_what_is_below_gcs_is_reached_on_vertex() -> None:
    assert linted("vertex", parameters={"ingest_source": "/gcs/other-bucket/photos"}) == []


def test_a_path_of_this_machine_is_a_problem_on_vertex() -> None:
    found = linted("vertex", parameters={"deploy_folder": "/home/me/models"})

    assert "in Cloud Storage; received the path /home/me/models" in only(found).message
    assert "/gcs/flowers-bucket/... in targets.vertex.settings.deploy.folder" in only(found).remedy


def test_a_model_folder_in_cloud_storage_is_reached_on_vertex() -> None:
    assert linted("vertex", parameters={"deploy_folder": "gs://flowers-bucket/models"}) == []


def test_a_model_folder_at_a_web_address_is_a_problem_on_vertex() -> None:
    found = only(linted("vertex", parameters={"deploy_folder": "https://example.com/models"}))

    assert found.severity == "problem"
    assert "expected the folder below /gcs or at gs://; received https://" in found.message


def test_a_source_on_s3_is_a_warning_on_vertex() -> None:
    found = linted("vertex", parameters={"ingest_source": "s3://photos/flowers"})

    assert {finding.severity for finding in found} == {"warning"}
    assert "Copy the data to Cloud Storage" in found[0].remedy


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_a_webhook_in_a_variable_that_the_task_lacks_is_a_problem(target: str) -> None:
    found = only(linted(target, parameters={"notify_webhook": "env:OTHER"}))

    assert found.where == "notify.webhook"
    assert "expected a variable that notify has; received OTHER" in found.message


def test_words_that_are_no_place_are_fine() -> None:
    package = documents("vertex")

    assert linted("vertex", package, parameters={"train_weights": "none"}) == []
    assert linted("vertex", package, parameters={"evaluate_champion": ""}) == []


def test_another_teams_task_has_no_places() -> None:
    package = documents("kfp")
    container(package, "deploy")["command"] = ["python3", "-m", "other"]

    assert linted("kfp", package, parameters={"deploy_folder": "/anywhere"}) == []


def test_no_pipeline_root_is_a_warning_on_kubeflow_only() -> None:
    found = only(linted("kfp", settings={"pipeline_root": ""}))

    assert (found.rule, found.severity) == ("pipeline-root", "warning")
    assert linted("vertex", settings={"pipeline_root": ""}) == []


@pytest.mark.parametrize(
    ("target", "root"), [("kfp", "/data/runs"), ("kfp", "https://a/b"), ("vertex", "s3://b/runs")]
)
def test_a_pipeline_root_that_the_target_cannot_write_is_a_problem(target: str, root: str) -> None:
    found = of_rule(linted(target, settings={"pipeline_root": root}), "reach")

    assert only(found).where == f"targets.{target}.pipeline_root"
    assert f"received {root}" in only(found).message


@given(st.lists(st.sampled_from(["a", "models", "..", "."]), max_size=6))
def test_no_path_with_dots_leaves_its_folder_unnoticed(parts: list[str]) -> None:
    path = "/models/" + "/".join(parts)

    assert is_below(path, "/models") == (".." not in parts)


def test_a_place_that_the_pipeline_fixes_is_named_by_its_task() -> None:
    package = documents("vertex")
    tasks = package[0]["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    tasks["train"]["inputs"]["parameters"]["weights"] = {"runtimeValue": {"constant": "/home/w"}}

    assert only(linted("vertex", package)).where == "train, input weights"


def test_a_password_in_an_address_is_not_repeated() -> None:
    found = linted("kfp", parameters={"deploy_folder": "https://me:hunter2@example.com/m?sig=a"})

    assert "received https://example.com/m" in only(of_rule(found, "reach")).message
    assert not any("hunter2" in finding.message for finding in found)
