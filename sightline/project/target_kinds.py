"""The kinds of target of this installation, found by folder name."""

import importlib
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from sightline.project.target import Target

LOCAL = "local"
"""The kind that needs no settings, and the name of the target that needs no entry."""


@cache
def target_kinds() -> Mapping[str, type[Target]]:
    """Return the settings class of each kind of target: this machine first, then by alphabet."""
    found = importlib.util.find_spec("sightline.targets")
    folders = found.submodule_search_locations if found else None
    names = {path.parent.name for one in folders or () for path in Path(one).glob("*/settings.py")}
    return {name: _settings_class(name) for name in sorted(names, key=lambda n: (n != LOCAL, n))}


def remote_kinds() -> list[str]:
    """Name the kinds that are clusters."""
    return [name for name in target_kinds() if name != LOCAL]


def this_machine() -> Target:
    """Return the target that every project has."""
    return target_kinds()[LOCAL].model_validate({})


def _settings_class(kind: str) -> type[Target]:
    """Return the class that stands for a kind, among those of its settings module."""
    module = importlib.import_module(f"sightline.targets.{kind}.settings")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Target)
        and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__}: expected one kind of Target; received {classes}")
    return classes[0]
