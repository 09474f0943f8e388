"""Stages and pipelines have names of their own for the user's side."""

import subprocess
import sys

import pytest

import sightline.components
from sightline._house import house
from sightline.components import fingerprint, label_check
from sightline.project.stages import component_stages

IMPORT_ALL = """
import sys
import sightline.components
from sightline.package.pipelines import load_pipeline, pipeline_names
from sightline.project.stages import component_stages
components = [getattr(sightline.components, name) for name in component_stages()]
pipelines = [load_pipeline(name) for name in pipeline_names()]
assert components and pipelines
print([name for name in sys.modules if name.split(".")[0] in ("components", "pipelines")])
"""


def test_the_house_is_the_checkout() -> None:
    assert (house() / "components/train/stage.py").is_file()
    assert (house() / "containers").is_dir()


def test_every_stage_is_a_component_for_any_pipeline() -> None:
    assert {"ingest", "fingerprint", "train"} <= set(dir(sightline.components))
    for name in component_stages():
        assert getattr(sightline.components, name).name == name.replace("_", "-")


def test_a_stage_has_all_its_components() -> None:
    commands = [
        component.component_spec.implementation.container.command[-1]
        for component in (fingerprint, label_check)
    ]

    assert commands == ["components.ingest.fingerprint", "components.label_check"]


def test_an_unknown_component_is_answered_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"no component 'trian'\. Did you mean train"):
        sightline.components.trian  # noqa: B018


# Absolute imports of each other would find whatever is called `components` where this is
# installed: settings.py and component.py import their neighbours as `.settings`.
def test_settings_components_and_pipelines_import_no_package_of_those_names() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("order", ["both.reverse()", "both"])
def test_settings_keep_their_descriptions_under_both_names(order: str) -> None:
    code = (
        "import importlib\n"
        "both = ['components.train.settings', 'sightline._house.components.train.settings']\n"
        f"{order}\n"
        "for name in both:\n"
        "    fields = importlib.import_module(name).TrainSettings.model_fields\n"
        "    assert all(field.description for field in fields.values()), name\n"
    )

    subprocess.run([sys.executable, "-c", code], cwd=house(), check=True)
