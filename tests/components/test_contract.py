"""Every stage folder, found by itself: wrapper, command line, settings and files agree."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from kfp.dsl.base_component import BaseComponent

from sightline.ground.ports import Signature, signature_of
from sightline.package.component import settings_of
from sightline.package.pipelines import load_pipeline, pipeline_names
from sightline.stage.command import build_parser

COMPONENTS = Path(__file__).parents[2] / "components"
STAGES = sorted(path.parent.name for path in COMPONENTS.glob("*/component.py"))
FILES = ("stage.py", "component.py", "settings.py", "__main__.py", "Dockerfile", "README.md")


WORDS_OF_KFP = {"STRING": "String", "LIST": "List[String]"}


def wrappers() -> list[tuple[str, str]]:
    """(stage, component name) of every wrapper in every component.py."""
    found = []
    for stage in STAGES:
        module = importlib.import_module(f"components.{stage}.component")
        for name, value in vars(module).items():
            if isinstance(value, BaseComponent):
                found.append((stage, name))
    return found


def wrapper_and_function(stage: str, name: str) -> tuple[Any, Any]:
    wrapper = getattr(importlib.import_module(f"components.{stage}.component"), name)
    module = wrapper.component_spec.implementation.container.command[-1]
    place = f"{module}.stage" if module == f"components.{stage}" else module
    return wrapper, getattr(importlib.import_module(place), name)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_wraps_its_own_name(stage: str) -> None:
    assert (stage, stage) in wrappers()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_in_a_pipeline(stage: str) -> None:
    assert any(stage in load_pipeline(name).stage_names for name in pipeline_names())


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_all_its_files(stage: str) -> None:
    missing = [name for name in FILES if not (COMPONENTS / stage / name).is_file()]

    assert missing == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_test_file(stage: str) -> None:
    assert list(Path(__file__).parent.glob(f"{stage}/test_*.py"))


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_wrapper_and_stage_declare_the_same_ports(stage: str, name: str) -> None:
    wrapper, function = wrapper_and_function(stage, name)
    spec, declared = wrapper.component_spec, signature_of(function)

    inputs = {
        port: item.type.removeprefix("system.").split("@")[0]
        for port, item in (spec.inputs or {}).items()
        if item.type.startswith("system.")
    }
    outputs = {
        port: item.type.removeprefix("system.").split("@")[0]
        for port, item in (spec.outputs or {}).items()
    }

    assert inputs == kinds(declared, "input")
    assert outputs == {
        **kinds(declared, "output"),
        **{port: WORDS_OF_KFP[kind] for port, kind in kinds(declared, "parameter").items()},
    }


def kinds(declared: Signature, direction: str) -> dict[str, str]:
    return {port: item.kind for port, item in declared.ports.items() if item.direction == direction}


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_wrapper_and_stage_take_the_same_values_of_other_tasks_and_the_same_settings(
    stage: str, name: str
) -> None:
    wrapper, function = wrapper_and_function(stage, name)
    declared, settings = signature_of(function), settings_of(wrapper)

    values = [
        key
        for key, item in (wrapper.component_spec.inputs or {}).items()
        if not item.type.startswith("system.") and key not in settings
    ]

    assert tuple(values) == declared.values
    assert list(settings) == list(declared.settings.model_fields)


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_every_port_and_setting_has_a_sentence(stage: str, name: str) -> None:
    wrapper, _ = wrapper_and_function(stage, name)
    described = dict(wrapper.component_spec.inputs or {})
    outputs = wrapper.component_spec.outputs or {}
    text = inspect.getdoc(wrapper.pipeline_func) or ""

    undescribed = [key for key, item in described.items() if not words(item.description)]
    # kfp reads no descriptions of outputs from arguments; people read them in the docstring.
    undescribed += [key for key in outputs if f"\n    {key}: " not in text]

    assert undescribed == []


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_the_defaults_that_travel_are_those_of_the_settings(stage: str, name: str) -> None:
    wrapper, function = wrapper_and_function(stage, name)
    settings = signature_of(function).settings
    needed = {key: "text" for key, field in settings.model_fields.items() if field.is_required()}

    travelling = {
        key: parameter.default
        for key, parameter in settings_of(wrapper).items()
        if parameter.default is not inspect.Parameter.empty
    }

    assert settings.model_validate({**needed, **travelling}) == settings.model_validate(needed)
    assert travelling.keys() == settings.model_fields.keys() - needed.keys()


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_wrapper_and_stage_begin_with_the_same_sentence(stage: str, name: str) -> None:
    wrapper, function = wrapper_and_function(stage, name)

    first_line = (inspect.getdoc(function) or "").splitlines()[0]

    assert first_line == words(wrapper.component_spec.description)
    assert first_line.endswith(".")


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_the_command_line_has_a_flag_for_every_port_value_and_setting(
    stage: str, name: str
) -> None:
    _, function = wrapper_and_function(stage, name)
    declared = signature_of(function)

    flags = {
        option
        for action in build_parser(function)._actions
        for option in action.option_strings
        if option.startswith("--")
    }

    names = (*declared.ports, *declared.values, *declared.settings.model_fields)
    expected = {f"--{key.replace('_', '-')}" for key in names}
    assert flags == expected | {"--help", "--executor-input", "--timeout-seconds"}


@pytest.mark.parametrize(("stage", "name"), wrappers())
def test_the_container_gets_an_explicit_command_and_the_executor_input(
    stage: str, name: str
) -> None:
    wrapper = getattr(importlib.import_module(f"components.{stage}.component"), name)
    container = wrapper.component_spec.implementation.container

    assert container.command[:2] == ["python3", "-m"]
    assert container.args == ["--executor-input", "{{$}}"]
    assert f"/{stage.replace('_', '-')}:" in container.image


@pytest.mark.parametrize("stage", STAGES)
def test_an_image_has_no_entrypoint(stage: str) -> None:
    text = (COMPONENTS / stage / "Dockerfile").read_text(encoding="utf-8")

    assert "ENTRYPOINT" not in text


def words(text: str | None) -> str:
    return " ".join((text or "").split())
