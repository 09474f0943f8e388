import pytest
from google.cloud.aiplatform_v1.types import AcceleratorType

from sightline.targets.accelerators import ACCELERATORS, NVIDIA, on_kubernetes, on_vertex


def test_every_gpu_of_vertex_has_a_short_name() -> None:
    theirs = {item.name for item in AcceleratorType if item.name.startswith("NVIDIA_")}

    assert {item.vertex for item in ACCELERATORS.values()} == theirs


@pytest.mark.parametrize("name", ["T4", "t4"])
def test_each_target_gets_its_own_word(name: str) -> None:
    assert on_vertex(name) == "NVIDIA_TESLA_T4"
    assert on_kubernetes(name) == NVIDIA


@pytest.mark.parametrize("name", ["", "amd.com/gpu", "NVIDIA_L4"])
def test_other_names_stay(name: str) -> None:
    assert on_vertex(name) == name
    assert on_kubernetes(name) == name
