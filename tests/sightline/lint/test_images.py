from typing import Any

import pytest

from sightline.images.record import ImageRecord
from sightline.lint.images import registry_host
from tests.sightline.lint.packages import (
    container,
    documents,
    linted,
    of_rule,
    only,
    pushed_image,
)

DIGEST = "@sha256:" + "1" * 64


def pushed(reference: str, **changes: str) -> ImageRecord:
    registry = changes.pop("registry", reference.rpartition("/")[0])
    return ImageRecord(registries={registry: {"train": pushed_image(reference, **changes)}})


def package_with(target: str, image: str) -> list[Any]:
    package = documents(target)
    container(package, "train")["image"] = image
    return package


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_an_image_that_was_never_pushed_is_a_problem(target: str) -> None:
    found = only(linted(target, package_with(target, "sightline/train:0.1.0")))

    assert (found.rule, found.severity, found.where) == ("image", "problem", "train")
    assert "expected a pushed image; received the name of one on this machine" in found.message
    assert "sightline images build --gpu train --push" in found.remedy


def test_without_a_registry_the_remedy_begins_with_one() -> None:
    package = package_with("kfp", "sightline/train:0.1.0")

    found = of_rule(linted("kfp", package, settings={"registry": ""}), "image")

    assert "Set targets.kfp.registry" in only(found).remedy


@pytest.mark.parametrize("image", ["docker.io/team/train:latest", "docker.io/team/train"])
def test_an_image_that_may_change_any_time_is_a_problem(image: str) -> None:
    found = only(linted("vertex", package_with("vertex", image)))

    assert found.severity == "problem"
    assert f"expected an image by digest; received {image}" in found.message


def test_an_image_by_tag_is_a_warning() -> None:
    found = only(linted("vertex", package_with("vertex", "docker.io/team/train:2026.11")))

    assert found.severity == "warning"
    assert "expected an image by digest" in found.message


def test_an_image_that_only_the_run_knows_is_a_warning() -> None:
    package = package_with("kfp", "{{$.inputs.parameters['image']}}")

    assert "known only when the run starts" in only(linted("kfp", package)).message


def test_an_image_of_another_targets_registry_is_a_warning() -> None:
    image = f"europe-west4-docker.pkg.dev/p/r/sightline-train{DIGEST}"

    found = only(linted("kfp", package_with("kfp", image)))

    assert (found.rule, found.severity) == ("image-registry", "warning")
    assert "expected an image of registry.example.com/vision" in found.message


def test_an_image_that_is_in_no_record_is_a_warning() -> None:
    found = of_rule(linted("kfp", images=ImageRecord()), "image-record")

    assert {finding.severity for finding in found} == {"warning"}
    assert "ingest" in {finding.where for finding in found}


def test_an_image_from_other_code_is_a_warning() -> None:
    image = f"registry.example.com/vision/sightline-train{DIGEST}"

    findings = linted(
        "kfp",
        package_with("kfp", image),
        images=pushed(image),
        contents={"train": "ffffffffffff"},
    )

    found = only(of_rule(findings, "image-content"))
    assert (found.where, found.severity) == ("train", "warning")


def test_an_image_from_this_code_is_fine() -> None:
    image = f"registry.example.com/vision/sightline-train{DIGEST}"

    findings = linted(
        "kfp",
        package_with("kfp", image),
        images=pushed(image),
        contents={"train": "0123456789ab"},
    )

    assert not [finding for finding in findings if finding.where == "train"]


@pytest.mark.parametrize(("target", "severity"), [("kfp", "warning"), ("vertex", "problem")])
def test_an_image_for_another_processor_is_named(target: str, severity: str) -> None:
    package = documents(target)
    image = container(package, "train")["image"]

    findings = linted(target, package, images=pushed(image, platform="linux/arm64"))

    found = list(of_rule(findings, "image-platform"))
    assert [one.where for one in found] == ["backbone", "train"]
    assert {one.severity for one in found} == {severity}
    assert "for linux/amd64; received one for linux/arm64" in found[0].message
    assert "--platform linux/amd64" in found[0].remedy


def test_a_registry_of_this_machine_is_a_problem_on_vertex() -> None:
    package = package_with("vertex", f"localhost:5000/team/sightline-train{DIGEST}")

    findings = linted("vertex", package, settings={"registry": "localhost:5000/team"})

    found = [finding for finding in findings if finding.severity == "problem"]
    assert "Artifact Registry or on Docker Hub; received localhost:5000" in only(found).message


def test_a_registry_that_vertex_does_not_document_is_a_warning() -> None:
    package = package_with("vertex", f"ghcr.io/team/sightline-train{DIGEST}")

    findings = linted("vertex", package, settings={"registry": ""})

    assert only(findings).severity == "warning"
    assert "received ghcr.io" in only(findings).message


@pytest.mark.parametrize(
    ("host", "severity"),
    [("https://kubeflow.example.com", "problem"), ("http://localhost:8888", "warning")],
)
def test_a_registry_of_this_machine_is_weighed_by_where_kubeflow_is(
    host: str, severity: str
) -> None:
    package = package_with("kfp", f"localhost:5000/team/sightline-train{DIGEST}")

    findings = linted("kfp", package, settings={"registry": "", "host": host})

    assert only(findings).severity == severity
    assert "a registry that the cluster reaches; received localhost:5000" in only(findings).message


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("python:3.11", "docker.io"),
        ("team/train:1", "docker.io"),
        ("gcr.io/p/train", "gcr.io"),
        ("localhost/train", "localhost"),
        ("10.0.0.1:5000/train@sha256:ab", "10.0.0.1:5000"),
    ],
)
def test_the_registry_of_an_image_is_read_as_docker_reads_it(image: str, host: str) -> None:
    assert registry_host(image) == host


def test_images_that_are_loaded_into_nodes_need_no_registry() -> None:
    package = documents("kfp")
    for executor in package[0]["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = "sightline/train:0.1.0"

    found = linted("kfp", package, settings={"local_images": True})

    assert {(one.rule, one.severity) for one in of_rule(found, "image")} == {("image", "warning")}
    assert "--no-cache" in found[0].remedy
