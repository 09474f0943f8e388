from dataclasses import replace
from typing import Any

import pytest

from sightline.launch.submit import new_run_name
from sightline.package.compile import pipeline_name
from sightline.project.settings import load_project
from sightline.targets.kfp.settings import Kubernetes
from sightline.targets.vertex.lint.names import RUN_SUFFIX
from tests.pipelines.golden.packages import SETTINGS
from tests.sightline.lint.packages import documents, linted, only


@pytest.mark.parametrize("target", ["kfp", "vertex"])
@pytest.mark.parametrize("name", ["Flowers", "-flowers", "my_flowers", "f" * 129, ""])
def test_a_pipeline_name_that_is_refused_is_a_problem(target: str, name: str) -> None:
    package = documents(target)
    package[0]["pipelineInfo"]["name"] = name

    found = only(linted(target, package))

    assert (found.rule, found.severity, found.where) == ("name", "problem", "pipeline name")
    assert "up to 128 lower case letters, digits and dashes" in found.message


def test_a_pipeline_name_too_long_for_schedules_is_a_warning_on_vertex() -> None:
    package = documents("vertex")
    package[0]["pipelineInfo"]["name"] = "f" * 65

    found = only(linted("vertex", package))

    assert found.severity == "warning"
    assert "refused above 64 characters; this name has 65" in found.message


@pytest.mark.parametrize("length", [109, 128])
def test_a_pipeline_name_without_room_for_a_runs_time_is_a_problem_on_vertex(length: int) -> None:
    package = documents("vertex")
    package[0]["pipelineInfo"]["name"] = "f" * length

    found = only(linted("vertex", package))

    assert (found.rule, found.severity, found.where) == ("name", "problem", "pipeline name")
    assert found.message == (
        "expected up to 108 characters, since the name of a run adds 20 such as "
        f"-20261122-023000-k7q to it; received {'f' * 37!r}... ({length} characters)"
    )
    assert found.remedy.startswith("Change pipeline.name")


def test_the_longest_pipeline_name_leaves_room_for_the_name_of_a_run() -> None:
    package = documents("vertex")
    project = load_project(SETTINGS, (), "vertex")
    longest = replace(project, pipeline=project.pipeline.model_copy(update={"name": "f" * 99}))
    package[0]["pipelineInfo"]["name"] = pipeline_name(longest)

    found = only(linted("vertex", package))

    assert found.severity == "warning"
    assert len(new_run_name(longest)) == 128
    assert len(RUN_SUFFIX) == len(new_run_name(longest)) - 108


def test_a_pipeline_name_that_begins_with_a_digit_is_a_warning_on_vertex() -> None:
    package = documents("vertex")
    package[0]["pipelineInfo"]["name"] = "2027-flowers"

    found = only(linted("vertex", package))

    assert (found.rule, found.severity, found.where) == ("name", "warning", "pipeline name")
    assert "expects a letter first; received '2027-flowers'" in found.message


@pytest.mark.parametrize("name", ["f" * 128, "2027-flowers"])
def test_kubeflow_takes_a_pipeline_name_that_is_long_or_begins_with_a_digit(name: str) -> None:
    package = documents("kfp")
    package[0]["pipelineInfo"]["name"] = name

    assert linted("kfp", package) == []


@pytest.mark.parametrize("name", ["", " ", "n" * 129])
def test_an_empty_or_long_name_of_a_run_is_a_problem(name: str) -> None:
    found = only(linted("kfp", run_name=name))

    assert found.where == "run name"
    assert "1 to 128 characters" in found.message


def test_a_task_name_that_argo_has_no_room_for_is_a_problem() -> None:
    package = documents("kfp")
    tasks = package[0]["root"]["dag"]["tasks"]
    tasks["n" * 122] = tasks.pop("notify")

    found = only(linted("kfp", package))

    assert "up to 121 characters; received 122" in found.message


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"namespace": "Team_A"}, "namespace"),
        ({"experiment": "ü" * 65}, "experiment"),
        ({"service_account": "pipeline runner"}, "service_account"),
        ({"environment": {"MY VARIABLE": "1"}}, "environment"),
    ],
)
def test_a_name_in_the_target_that_kubeflow_refuses_is_a_problem(
    settings: dict[str, Any], where: str
) -> None:
    found = only(linted("kfp", settings=settings))

    assert (found.rule, found.severity) == ("name", "problem")
    assert found.where == f"targets.kfp.{where}"


@pytest.mark.parametrize(
    ("kubernetes", "where"),
    [
        ({"volumes": [{"claim": "My_Models", "mount_path": "/m"}]}, "volumes"),
        ({"image_pull_secrets": ["a b"]}, "image_pull_secrets"),
        (
            {"secrets_as_environment": [{"secret": "A", "variables": {"k": "K"}}]},
            "secrets_as_environment",
        ),
        (
            {"secrets_as_environment": [{"secret": "a", "variables": {"k": "1 K"}}]},
            "secrets_as_environment",
        ),
        ({"secrets_as_volumes": [{"secret": "A", "mount_path": "/s"}]}, "secrets_as_volumes"),
    ],
)
def test_a_name_that_kubernetes_refuses_is_a_problem(
    kubernetes: dict[str, Any], where: str
) -> None:
    settings = {"kubernetes": Kubernetes.model_validate(kubernetes)}

    found = only(linted("kfp", settings=settings))

    assert found.where == f"targets.kfp.kubernetes.{where}"


@pytest.mark.parametrize(
    "labels",
    [
        {"Team": "vision"},
        {"team": "Vision"},
        {"version": "0.1.0"},
        {"1team": "vision"},
        {"team": "v" * 64},
        {"vertex-ai-pipelines-run-billing-id": "1"},
        {f"key{number}": "" for number in range(65)},
    ],
)
def test_labels_that_google_cloud_refuses_are_a_problem(labels: dict[str, str]) -> None:
    found = only(linted("vertex", settings={"labels": labels}))

    assert found.where == "targets.vertex.labels"
    assert found.severity == "problem"


def test_labels_in_another_alphabet_are_fine() -> None:
    assert linted("vertex", settings={"labels": {"équipe": "vidéo_1-a", "empty": ""}}) == []


@pytest.mark.parametrize(
    ("settings", "where", "message"),
    [
        ({"service_account": "runner"}, "service_account", "the e-mail of an account"),
        ({"network": "default"}, "network", "projects/NUMBER/global/networks/NAME"),
        ({"encryption_key": "my-key"}, "encryption_key", "cryptoKeys/K; received 'my-key'"),
        (
            {"encryption_key": "projects/p/locations/us/keyRings/r/cryptoKeys/k"},
            "encryption_key",
            "a key of europe-west4; received one of us",
        ),
    ],
)
def test_an_incomplete_name_of_google_cloud_is_a_problem(
    settings: dict[str, Any], where: str, message: str
) -> None:
    found = only(linted("vertex", settings=settings))

    assert found.where == f"targets.vertex.{where}"
    assert message in found.message
