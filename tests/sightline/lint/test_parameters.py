from typing import Any

import pytest

from tests.sightline.lint.packages import documents, linted, of_rule, only, set_default


@pytest.mark.parametrize("target", ["local", "kfp", "vertex"])
def test_a_parameter_that_does_not_exist_is_a_problem_with_its_neighbour(target: str) -> None:
    found = only(linted(target, parameters={"train_epoch": 5}))

    assert (found.rule, found.severity) == ("parameter", "problem")
    assert "received 'train_epoch'" in found.message
    assert found.remedy == "Did you mean train_epochs?"


def test_a_parameter_without_a_value_is_a_problem() -> None:
    package = documents("kfp")
    source = package[0]["root"]["inputDefinitions"]["parameters"]["ingest_source"]
    del source["defaultValue"], source["isOptional"]

    found = only(linted("kfp", package))

    assert found.where == "ingest.source"
    assert "expected a value: a text; received none, and it has no default" in found.message


def test_a_value_for_a_required_parameter_is_enough() -> None:
    package = documents("kfp")
    source = package[0]["root"]["inputDefinitions"]["parameters"]["ingest_source"]
    del source["defaultValue"], source["isOptional"]

    assert linted("kfp", package, parameters={"ingest_source": "s3://photos/other"}) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("train_epochs", "12", "a whole number"),
        ("train_epochs", 1.5, "a whole number"),
        ("train_epochs", True, "a whole number"),
        ("train_dropout", "much", "a number"),
        ("evaluate_beat_chance", 1, "true or false"),
        ("train_recipe", 3, "a text"),
        ("ingest_classes", ["a"], "a text"),
    ],
)
def test_a_value_of_another_type_is_a_problem(name: str, value: Any, words: str) -> None:
    found = only(linted("kfp", parameters={name: value}))

    assert found.severity == "problem"
    assert f"expected {words}; received a value of type {type(value).__name__}" in found.message


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_have_is_a_problem(value: float) -> None:
    package = documents("kfp")
    set_default(package, "train_dropout", value)

    assert "received NaN or infinity" in only(linted("kfp", package)).message


@pytest.mark.parametrize("value", [{"a": {"b": float("nan")}}, {"a": [1, float("inf")]}])
def test_such_a_number_is_found_at_any_depth(value: dict[str, Any]) -> None:
    package = documents("kfp")
    package[0]["root"]["inputDefinitions"]["parameters"]["extra"] = {
        "parameterType": "STRUCT",
        "defaultValue": value,
    }

    assert only(linted("kfp", package)).where == "parameter extra"


def test_a_whole_number_that_doubles_do_not_hold_is_a_warning() -> None:
    found = only(linted("kfp", parameters={"train_seed": 2**53 + 2}))

    assert found.severity == "warning"
    assert "arrives rounded" in found.message


@pytest.mark.parametrize(("length", "severity"), [(70 * 1024, "warning"), (140 * 1024, "problem")])
def test_inputs_that_are_too_long_for_a_command_line_are_named(length: int, severity: str) -> None:
    package = documents("vertex")
    set_default(package, "export_intended_use", "x" * length)

    found = only(linted("vertex", package))

    assert (found.rule, found.severity, found.where) == ("parameter-size", severity, "export")
    assert "most of it in export.intended_use" in found.message


@pytest.mark.parametrize(("length", "severity"), [(12_000, "warning"), (25_000, "problem")])
def test_more_parameters_than_kubeflow_takes_for_a_run_are_named(
    length: int, severity: str
) -> None:
    findings = linted("kfp", parameters={"export_intended_use": "x" * length})

    found = only(of_rule(findings, "parameter-size"))
    assert found.severity == severity
    assert "expected up to 20,000 bytes" in found.message


def test_long_defaults_are_no_parameters_of_a_run() -> None:
    package = documents("kfp")
    set_default(package, "export_intended_use", "x" * 25_000)

    assert linted("kfp", package) == []


@pytest.mark.parametrize("target", ["kfp", "vertex"])
def test_what_a_place_to_deploy_to_needs_is_named_before_anything_runs(target: str) -> None:
    given = {"deploy_target": "vertex", "deploy_vertex_project": "flowers-project"}

    found = linted(target, parameters=given)

    assert {one.where for one in found} >= {"deploy.serving_image", "deploy.vertex_location"}
    assert "deploy.vertex_project" not in {one.where for one in found}
    image = next(one for one in found if one.where == "deploy.serving_image")
    assert image.remedy == "Build and push it: sightline images build serving --push REGISTRY."
