from pathlib import Path

from kfp import dsl, kubernetes

from tests.sightline.lint.packages import compile_package, linted, of_rule

PINNED = "docker.io/library/python@sha256:" + "a" * 64


@dsl.container_component
def convert(text: str, data: dsl.Output[dsl.Dataset], number: int = 3) -> dsl.ContainerSpec:
    return dsl.ContainerSpec(image=PINNED, command=["convert"], args=[text, data.path])


@dsl.pipeline(name="inner")
def inner(text: str) -> None:
    convert(text=text)


@dsl.pipeline(name="elsewhere")
def elsewhere(text: str, image: str = "python:latest", items: list[int] = [1, 2]) -> None:  # noqa: B006
    first = convert(text="fixed").set_container_image(image).set_cpu_limit("500m")
    with dsl.ParallelFor(items) as item:
        convert(text=f"before {text}", number=item)
    inner(text=text).after(first)
    dsl.importer(artifact_uri="gs://bucket/data", artifact_class=dsl.Dataset)


@dsl.pipeline(name="elsewhere", pipeline_config=dsl.PipelineConfig(ttl_seconds_after_finished=60))
def with_platform_settings() -> None:
    task = convert(text="fixed")
    task.set_accelerator_type("T4").set_accelerator_limit(3).set_memory_limit("8G")
    kubernetes.mount_pvc(task, "data", "/data")


def test_loops_importers_and_inner_pipelines_are_read(tmp_path: Path) -> None:
    package = compile_package(elsewhere, tmp_path)

    found = linted("vertex", package, parameters={"text": "words"})

    assert [(item.rule, item.where, item.severity) for item in found] == [
        ("image", "convert", "problem")
    ]
    assert "received python:latest" in found[0].message


def test_an_image_that_the_run_gives_is_looked_at(tmp_path: Path) -> None:
    package = compile_package(elsewhere, tmp_path)

    assert linted("vertex", package, parameters={"text": "words", "image": PINNED}) == []


def test_a_value_that_another_team_forgot_is_a_problem(tmp_path: Path) -> None:
    package = compile_package(elsewhere, tmp_path)

    found = of_rule(linted("kfp", package), "parameter")

    assert [item.where for item in found] == ["parameter text"]


def test_platform_settings_and_accelerators_speak_of_kfp(tmp_path: Path) -> None:
    package = compile_package(with_platform_settings, tmp_path)

    found = {item.rule: item for item in linted("vertex", package)}

    assert "pvcMount, resourceTtlOnCompletion" in found["platform"].message
    assert "set_accelerator_type('NVIDIA_TESLA_T4')" in found["accelerator"].remedy
