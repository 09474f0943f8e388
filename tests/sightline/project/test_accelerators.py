import pytest
from google.cloud.aiplatform_v1.types import AcceleratorType

from sightline.project.accelerators import ACCELERATORS, OFFERED, common_name
from sightline.targets.kfp.settings import NVIDIA, KubeflowTarget
from sightline.targets.vertex.accelerators import ACCELERATORS as ON_VERTEX
from sightline.targets.vertex.settings import VertexTarget


def test_every_gpu_of_vertex_has_a_short_name() -> None:
    theirs = {item.name for item in AcceleratorType if item.name.startswith("NVIDIA_")}

    assert {item.type for item in ON_VERTEX.values()} == theirs
    assert tuple(ON_VERTEX) == ACCELERATORS
    assert tuple(name for name, item in ON_VERTEX.items() if item.counts) == OFFERED


@pytest.mark.parametrize("name", ["T4", "t4"])
def test_each_target_gets_its_own_word(name: str) -> None:
    assert VertexTarget.accelerator(name) == "NVIDIA_TESLA_T4"
    assert KubeflowTarget.accelerator(name) == NVIDIA


@pytest.mark.parametrize("name", ["", "amd.com/gpu", "NVIDIA_L4"])
def test_other_names_stay(name: str) -> None:
    assert VertexTarget.accelerator(name) == name
    assert KubeflowTarget.accelerator(name) == name


def test_a_word_that_one_kind_of_target_has_for_one_accelerator_gives_its_name() -> None:
    assert common_name("NVIDIA_TESLA_T4") == "T4"
    assert common_name(NVIDIA) is None
    assert common_name("T5") is None
