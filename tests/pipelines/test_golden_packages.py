from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

from sightline.lint import Checked, format_findings, lint
from sightline.package.diff import other_changes, package_changes, package_diff
from sightline.package.reading.specification import read_documents
from sightline.project.settings import load_project
from tests.pipelines.golden.packages import SETTINGS, TARGETS, compile_golden, golden
from tests.sightline.own_process import modules_after

RENEW = "If that is meant, renew them with `python -m tests.pipelines.golden`."
POD = ("pod ", "environment ")
ACCELERATOR = {"accelerator type", "accelerator resourceType"}


@pytest.mark.parametrize("target", TARGETS)
def test_the_package_is_the_one_that_was_last_looked_at(target: str, tmp_path: Path) -> None:
    compiled = compile_golden(target, tmp_path / f"{target}.yaml")

    changes = package_diff(golden(target), compiled)

    assert not changes, f"The package for {target} changed. {RENEW}\n{changes}"
    assert golden(target).read_bytes() == compiled.read_bytes(), RENEW


def test_the_packages_for_kubeflow_and_vertex_differ_only_where_the_targets_differ() -> None:
    kfp, vertex = read_documents(golden("kfp")), read_documents(golden("vertex"))

    changes = package_changes(kfp, vertex)

    of_tasks = [change for change in changes if change.subject.startswith("task ")]
    by_target = [change for change in of_tasks if not change.what.startswith(POD)]
    parameters = {change.subject for change in changes if change not in of_tasks}
    assert parameters == {
        "package",
        "parameter deploy_folder",
        "parameter evaluate_champion",
        "parameter ingest_source",
        "parameter notify_api",
        "parameter notify_artifact_link",
        "parameter notify_link",
        "parameter notify_webhook",
    }
    assert {change.what for change in by_target} == {"image", *ACCELERATOR}
    assert {change.subject for change in by_target if change.what in ACCELERATOR} == {"task train"}
    assert all(change.new is None for change in of_tasks if change.what.startswith(POD))
    assert other_changes(kfp, vertex) == []


def test_the_images_of_both_packages_are_the_same_but_for_the_registry() -> None:
    kfp, vertex = read_documents(golden("kfp")), read_documents(golden("vertex"))

    images = [change for change in package_changes(kfp, vertex) if change.what == "image"]

    assert len(images) == len(kfp[0]["deploymentSpec"]["executors"])
    assert all(
        str(change.old).rpartition("/")[2] == str(change.new).rpartition("/")[2]
        for change in images
    )


@pytest.mark.parametrize("target", ["local", "vertex"])
def test_a_package_without_platform_settings_is_one_document(target: str) -> None:
    document = yaml.safe_load(golden(target).read_text(encoding="utf-8"))

    assert document["pipelineInfo"]["name"] == "flowers-training"


@pytest.mark.parametrize("target", TARGETS)
def test_the_package_is_what_the_pipeline_messages_allow(target: str) -> None:
    document, *platforms = read_documents(golden(target))

    spec = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
    for platform in platforms:
        json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())

    assert spec.pipeline_info.name == "flowers-training"
    assert len(platforms) == (target == "kfp")


def test_what_pods_get_is_what_the_kubernetes_messages_allow() -> None:
    platform = read_documents(golden("kfp"))[1]
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]

    pods = {
        label: json_format.ParseDict(
            settings, kubernetes_executor_config_pb2.KubernetesExecutorConfig()
        )
        for label, settings in executors.items()
    }

    assert [volume.mount_path for volume in pods["exec-deploy"].pvc_mount] == ["/models"]
    assert not pods["exec-ingest"].pvc_mount
    assert [taint.key for taint in pods["exec-train"].tolerations] == ["nvidia.com/gpu"]


@pytest.mark.parametrize("target", TARGETS)
def test_no_path_of_the_machine_that_compiled_is_in_the_package(target: str) -> None:
    text = golden(target).read_text(encoding="utf-8")

    assert str(SETTINGS.parent) not in text
    assert str(Path.home()) not in text


@pytest.mark.parametrize("target", TARGETS)
def test_the_package_of_a_correct_project_has_no_finding(target: str) -> None:
    project = load_project(SETTINGS, (), target)
    path = golden(target)

    findings = lint(
        Checked(
            documents=read_documents(path),
            size_bytes=path.stat().st_size,
            target=project.target,
            target_name=target,
        )
    )

    # The project asks for a GPU to show how it is mapped; nobody pushed an image with CUDA.
    expected = {"accelerator-unused"}
    if target == "local":
        # Depending on the machine, also that it has no GPU.
        expected = {"accelerator-here", "this-machine"}
    found = {finding.rule for finding in findings}
    assert found | {"accelerator-here"} & expected == expected, format_findings(findings)


def test_compiling_for_any_target_imports_neither_tensorflow_nor_google_cloud(
    tmp_path: Path,
) -> None:
    modules = modules_after(
        "from pathlib import Path\n"
        "from tests.pipelines.golden.packages import TARGETS, compile_golden\n"
        f"for target in TARGETS: compile_golden(target, Path({str(tmp_path / 'package.yaml')!r}))"
    )

    assert "kfp" in modules
    assert not {"tensorflow", "keras", "pandas", "docker"} & modules
    # The bare namespace is there from the start.
    assert [name for name in modules if name.startswith("google.cloud.")] == []
