import copy
from typing import Any

import pytest

from tests.sightline.lint.packages import documents, linted, of_rule, only

MIB = 1 << 20


def test_more_than_one_document_is_a_problem_on_vertex() -> None:
    found = of_rule(linted("vertex", documents("kfp")), "platform")

    assert only(found).severity == "problem"
    assert "expected one YAML document; received 2" in only(found).message
    assert "nodeSelector" in only(found).message
    assert "sightline compile --target vertex" in only(found).remedy


def test_a_pipeline_config_is_a_problem_on_vertex() -> None:
    package = documents("vertex")
    package.append({"platforms": {"kubernetes": {"pipelineConfig": {"workspace": {}}}}})

    assert "workspace" in only(linted("vertex", package)).message


def test_platform_settings_are_a_warning_on_this_machine() -> None:
    found = of_rule(linted("local", documents("kfp")), "platform")

    assert only(found).severity == "warning"
    assert "have no effect here" in only(found).message


def test_a_package_that_the_server_does_not_take_is_a_problem_on_kubeflow() -> None:
    found = only(linted("kfp", size_bytes=33 * MIB))

    assert found.severity == "problem"
    assert "expected up to 32 MiB; received 33.0 MiB" in found.message


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_a_large_package_is_a_warning(target: str) -> None:
    found = only(linted(target, size_bytes=2 * MIB))

    assert (found.rule, found.severity) == ("size", "warning")
    assert "about 1 MiB at most; received 2.0 MiB" in found.message


def test_many_tasks_are_a_warning_on_kubeflow() -> None:
    package = documents("kfp")
    tasks: dict[str, Any] = package[0]["root"]["dag"]["tasks"]
    tasks |= {f"notify-{number}": copy.deepcopy(tasks["notify"]) for number in range(32)}

    found = only(linted("kfp", package))

    assert (found.rule, found.severity) == ("tasks", "warning")
    assert "up to 40 tasks in one workflow; received 42" in found.message
