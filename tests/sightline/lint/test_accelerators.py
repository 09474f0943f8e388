import pytest

from sightline.images.record import ImageRecord
from tests.sightline.lint.packages import (
    container,
    documents,
    everything_linted,
    linted,
    of_rule,
    only,
    pod,
    pushed_image,
    target_of,
)


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_an_accelerator_that_the_image_cannot_use_is_a_warning(target: str) -> None:
    found = everything_linted(
        documents=documents(target), size_bytes=1, target=target_of(target), target_name=target
    )

    unused = only(of_rule(found, "accelerator-unused"))
    assert (unused.where, unused.severity) == ("train", "warning")
    assert "no image with CUDA was pushed for it" in unused.message
    registry = target_of(target).registry
    assert f"Run `sightline images build --gpu train --push {registry}`" in unused.remedy
    assert "Or remove resources.train.gpu." in unused.remedy


@pytest.mark.parametrize(("gpu", "rules"), [(True, []), (False, ["accelerator-unused"])])
def test_an_image_with_cuda_can_use_its_accelerator(gpu: bool, rules: list[str]) -> None:
    package = documents("kfp")
    reference = container(package, "train")["image"]

    found = everything_linted(
        documents=package,
        size_bytes=1,
        target=target_of("kfp"),
        target_name="kfp",
        images=ImageRecord(registries={"r": {"train": pushed_image(reference, gpu=gpu)}}),
    )

    assert [one.rule for one in found if one.where == "train"] == rules


def test_an_accelerator_of_a_stage_that_computes_nothing_on_one_is_a_warning() -> None:
    package = documents("kfp")
    accelerator = {"resourceType": "nvidia.com/gpu", "resourceCount": "1"}
    container(package, "ingest").setdefault("resources", {})["accelerator"] = accelerator

    found = everything_linted(
        documents=package, size_bytes=1, target=target_of("kfp"), target_name="kfp"
    )

    unused = only([one for one in of_rule(found, "accelerator-unused") if one.where == "ingest"])
    assert unused.remedy == "Remove resources.ingest.gpu."


@pytest.mark.parametrize("name", ["T4", "NVIDIA_TESLA_T4", "RTX4090"])
def test_a_gpu_that_kubernetes_does_not_know_is_a_problem_on_kubeflow(name: str) -> None:
    package = documents("kfp")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = name

    found = only(linted("kfp", package))

    assert (found.rule, found.severity, found.where) == ("accelerator", "problem", "train")
    assert f"such as nvidia.com/gpu; received '{name}'" in found.message
    assert "resources.train.gpu" in found.remedy


def test_a_vertex_name_on_kubeflow_names_what_to_write() -> None:
    package = documents("kfp")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = "NVIDIA_TESLA_T4"

    found = only(linted("kfp", package))

    assert "Did you mean T4?" in found.remedy


@pytest.mark.parametrize("kind", ["amd.com/gpu", "nvidia.com/mig-1g.5gb", "google.com/tpu"])
def test_other_resources_of_kubernetes_are_fine_on_kubeflow(kind: str) -> None:
    package = documents("kfp")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = kind

    assert linted("kfp", package) == []


def test_no_accelerator_at_all_is_a_problem_on_kubeflow() -> None:
    package = documents("kfp")
    container(package, "train")["resources"]["accelerator"]["resourceCount"] = "0"

    assert "at least one nvidia.com/gpu; received 0" in only(linted("kfp", package)).message


def test_a_gpu_without_labels_of_its_nodes_is_a_warning_on_kubeflow() -> None:
    package = documents("kfp")
    del pod(package, "train")["nodeSelector"]

    found = only(linted("kfp", package))

    assert (found.rule, found.severity) == ("accelerator-kind", "warning")
    assert "targets.kfp.kubernetes.accelerator_node_selector" in found.remedy


@pytest.mark.parametrize("name", ["nvidia.com/gpu", "T4", "NVIDIA_TESLA_T5"])
def test_a_gpu_that_vertex_does_not_know_is_a_problem(name: str) -> None:
    package = documents("vertex")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = name

    found = only(linted("vertex", package))

    assert (found.rule, found.severity, found.where) == ("accelerator", "problem", "train")
    assert f"received '{name}'" in found.message


def test_a_number_of_gpus_that_vertex_does_not_attach_is_a_problem() -> None:
    package = documents("vertex")
    container(package, "train")["resources"]["accelerator"]["resourceCount"] = "3"

    found = only(linted("vertex", package))

    assert "expected 1, 2, 4 of NVIDIA_TESLA_T4 in one machine; received 3" in found.message


def test_a_gpu_that_vertex_attaches_only_by_the_eight_is_to_be_another() -> None:
    package = documents("vertex")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = "NVIDIA_B200"

    found = only(linted("vertex", package))

    assert "expected 8 of NVIDIA_B200 in one machine; received 1" in found.message
    assert found.remedy == "Choose another GPU, such as T4 or L4, in resources.train.gpu."


def test_a_gpu_that_vertex_no_longer_offers_is_a_problem() -> None:
    package = documents("vertex")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = "NVIDIA_TESLA_K80"

    assert "still offered; received NVIDIA_TESLA_K80" in only(linted("vertex", package)).message


def test_a_tpu_is_a_problem_for_a_stage_on_vertex() -> None:
    package = documents("vertex")
    container(package, "train")["resources"]["accelerator"]["resourceType"] = "TPU_V3"

    found = only(linted("vertex", package))

    assert found.severity == "problem"
    assert "expected a GPU; received TPU_V3" in found.message


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_a_gpu_without_a_memory_limit_is_a_warning(target: str) -> None:
    package = documents(target)
    resources = container(package, "train")["resources"]
    del resources["memoryLimit"], resources["resourceMemoryLimit"]

    found = only(linted(target, package))

    assert (found.rule, found.severity) == ("accelerator-memory", "warning")
    assert "resources.train.memory" in found.remedy


def test_a_gpu_that_this_machine_does_not_have_is_a_warning() -> None:
    package = documents("vertex")
    found = everything_linted(
        documents=package, size_bytes=1, target=target_of("local"), target_name="local"
    )
    found = of_rule(found, "accelerator-here")

    assert [finding.severity for finding in found] == ["warning"]
    assert "1 GPU(s) asked for; this machine has 0" in found[0].message
