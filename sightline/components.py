"""Every stage as a Kubeflow component, for any pipeline: `from sightline.components import train`.

They are found by their names, in `components/<stage>/component.py`.
"""

from typing import TYPE_CHECKING

from sightline.ground.errors import nearest
from sightline.project.stages import component_stages, stage_module

if TYPE_CHECKING:
    from kfp.dsl.base_component import BaseComponent


def __getattr__(name: str) -> "BaseComponent":
    stages = component_stages()
    if name not in stages:
        guess = nearest(name, stages)
        hint = f" Did you mean {guess}?" if guess else f" There are: {', '.join(stages)}."
        raise AttributeError(f"{__name__} has no component {name!r}.{hint}")
    component: BaseComponent = getattr(stage_module(stages[name], "component"), name)
    return component


def __dir__() -> list[str]:
    return list(component_stages())
