import inspect
from typing import Any, Literal

import pytest
from kfp import dsl
from pydantic import Field

from sightline.ground.settings import StageSettings, TextList
from sightline.package.component import settings_of, stage_component


class ShrinkSettings(StageSettings):
    """How images are shrunk."""

    mode: Literal["area", "nearest"] = "area"
    """How pixels are chosen: by area,
    or the nearest."""
    folder: str = Field(min_length=1)
    """Where to write."""
    channels: Literal[1, 3] = 3
    """1 for grey, 3 for RGB."""
    share: float = 0.5
    """Share of the side that is left."""
    sharpen: bool = False
    """Whether edges are sharpened."""
    formats: TextList = ("png", "jpeg")
    """Formats to read."""


def shrink(images: dsl.Input[dsl.Dataset], stamp: str, small: dsl.Output[dsl.Dataset]) -> None:
    """Shrink images.

    Args:
        images: What came in.
        stamp: From another task.
        small: The same, smaller.
    """


shrink.__module__ = "components.shrink.component"
component = stage_component(ShrinkSettings)(shrink)


def spec(name: str) -> Any:
    return component.component_spec.inputs[name]


def test_a_setting_travels_with_the_type_and_the_default_of_its_class() -> None:
    found = {name: (spec(name).type, spec(name).default) for name in ShrinkSettings.model_fields}

    assert found == {
        "mode": ("String", "area"),
        "folder": ("String", None),
        "channels": ("Integer", 3),
        "share": ("Float", 0.5),
        "sharpen": ("Boolean", False),
        "formats": ("String", '["png", "jpeg"]'),
    }


def test_only_a_setting_without_a_default_is_required() -> None:
    required = [name for name in ShrinkSettings.model_fields if not spec(name).optional]

    assert required == ["folder"]


def test_the_sentence_of_a_setting_is_its_description_in_one_line() -> None:
    assert spec("mode").description == "How pixels are chosen: by area, or the nearest."
    assert spec("images").description == "What came in."


def test_settings_are_told_from_ports_and_values_of_other_tasks() -> None:
    assert list(settings_of(component)) == list(ShrinkSettings.model_fields)
    assert [*component.component_spec.inputs][:2] == ["images", "stamp"]


def test_it_is_an_ordinary_component_that_another_pipeline_can_use() -> None:
    @dsl.pipeline(name="elsewhere")
    def elsewhere() -> None:
        source = dsl.importer(artifact_uri="gs://photos", artifact_class=dsl.Dataset)
        component(images=source.output, stamp="now", folder="small", share=0.25)

    tasks = elsewhere.pipeline_spec.root.dag.tasks

    assert isinstance(component, dsl.container_component_class.ContainerComponent)
    assert tasks["shrink"].inputs.parameters["share"].runtime_value.constant.number_value == 0.25


def test_python_shows_ports_and_settings_of_a_component() -> None:
    shown = str(inspect.signature(component.pipeline_func))

    assert "stamp: str" in shown
    assert "*, mode: str = 'area', folder: str, channels: int = 3" in shown
    assert "share: Share of the side that is left." in component.pipeline_func.__doc__


def test_a_component_named_like_its_folder_runs_the_folder() -> None:
    container = component.component_spec.implementation.container

    assert container.command == ["python3", "-m", "components.shrink"]
    assert container.image.startswith("sightline/shrink:")


def test_another_component_of_the_folder_runs_the_module_of_its_name() -> None:
    def look(digest: dsl.OutputPath(str)) -> None:
        """Look at images."""

    look.__module__ = "components.shrink.component"

    container = stage_component(ShrinkSettings)(look).component_spec.implementation.container

    assert container.command == ["python3", "-m", "components.shrink.look"]
    assert container.image.startswith("sightline/shrink:")


def test_a_setting_that_no_pipeline_can_pass_on_is_refused_by_its_name() -> None:
    class Odd(StageSettings):
        """Odd."""

        limits: dict[str, int] = Field(default_factory=dict)
        """Limits by name."""

    with pytest.raises(TypeError, match=r"Odd.limits: expected a text, .* or TextList; received"):
        stage_component(Odd)(shrink)
