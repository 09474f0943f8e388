"""The stages of this installation and their settings, found by folder name or entry point."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from pydantic import create_model
from pydantic.fields import FieldInfo

from sightline import _house
from sightline.ground.backbones.choice import named
from sightline.ground.errors import SettingsError
from sightline.ground.plugins.entry_points import plugin_of, with_plugins
from sightline.ground.settings import StageSettings
from sightline.ground.storage.addresses import ending_of


@dataclass(frozen=True, slots=True)
class Location:
    """What a text setting that names a file, folder or URI is for."""

    access: Literal["read", "write"]
    words: tuple[str, ...]
    """Values that are no location, such as `imagenet`."""
    prefixes: tuple[str, ...] = ()
    """What values begin with that are no location, such as `env:`."""
    endings: tuple[str, ...] = ()
    """How locations end, where other values are none."""
    folder: bool = False
    """Whether it is a model folder, which lies at a path or in a store, at no web address."""
    backbones: bool = False
    """Whether values name backbones, whose weights this machine may keep."""

    def items(self, value: str) -> tuple[str, ...]:
        """Return what a value names: one thing, or several where it is a list of backbones."""
        return named(value) if self.backbones else (value,)

    def is_place(self, value: str) -> bool:
        """Tell whether a value of the setting names a file, folder or URI."""
        if value in self.words or value.startswith(self.prefixes):
            return False
        return not self.endings or ending_of(value) in self.endings


def stages_folder() -> Path:
    """Return the folder that holds one folder per stage."""
    return _house.house() / _house.COMPONENTS


def stage_module(stage: str, name: str) -> ModuleType:
    """Import `components/<stage>/<name>.py`, or that module of the package that adds the stage.

    Ours have a name here that no other package can have.

    Raises:
        SettingsError: several packages add the stage, or its package cannot be imported.
    """
    if plugin := plugin_of("stages", stage, _ours()):
        plugin.load()
        return importlib.import_module(f"{plugin.entry.value}.{name}")
    return importlib.import_module(f"{_house.__name__}.{_house.COMPONENTS}.{stage}.{name}")


@cache
def stage_names() -> tuple[str, ...]:
    """Name every stage, in alphabetical order: ours, and those that packages add.

    One of a package that cannot be imported is left out: no settings of it can be told.
    """
    return tuple(name for name in with_plugins("stages", _ours()) if _is_whole(name))


@cache
def _ours() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in stages_folder().glob("*/settings.py")))


def _is_whole(stage: str) -> bool:
    if stage in _ours():
        return True
    try:
        stage_module(stage, "settings")
    except (SettingsError, ImportError):
        return False
    return True


def setting_name(parameter: str) -> str:
    """Write a pipeline parameter as users do: `label_check_fail_on` is `label_check.fail_on`."""
    stages = [stage for stage in stage_names() if parameter.startswith(f"{stage}_")]
    if not stages:
        return parameter
    stage = max(stages, key=len)
    return f"{stage}.{parameter.removeprefix(f'{stage}_')}"


@cache
def settings_classes(stage: str) -> Mapping[str, type[StageSettings]]:
    """Return the settings class of each component in a stage's folder, by component name.

    `IngestSettings` and `FingerprintSettings` in `components/ingest/settings.py` belong to the
    components `ingest` and `fingerprint`.
    """
    module = stage_module(stage, "settings")
    return {
        _snake_case(name.removesuffix("Settings")): value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, StageSettings)
        and value.__module__ == module.__name__
    }


def component_stages() -> dict[str, str]:
    """Return the stage of every component, by the component's name."""
    return {component: stage for stage in stage_names() for component in settings_classes(stage)}


@cache
def settings_class(stage: str) -> type[StageSettings]:
    """Return the settings class of a stage's section in `sightline.yaml`.

    Where a folder holds several components, the section takes the settings of all of them: those
    of the stage itself first. What one borrows from another stage stands in that stage's section.
    """
    classes = settings_classes(stage)
    whole = {name: one for name, one in classes.items() if not one.borrowed}
    if stage not in whole and stage in classes:
        whole[stage] = _without_borrowed(classes[stage])
    own, *others = sorted(whole.items(), key=lambda item: item[0] != stage)
    beside: dict[str, Any] = {
        name: (field.annotation, field)
        for one in classes.values()
        for name, field in one.model_fields.items()
        if one.borrowed and one.owner_of(name) is None and name not in own[1].model_fields
    }
    if not others and not beside:
        return own[1]
    # The last base comes first among the fields.
    bases = (*(other for _, other in others), own[1])
    return create_model(own[1].__name__, __base__=bases, __doc__=own[1].__doc__, **beside)


def _without_borrowed(settings: type[StageSettings]) -> type[StageSettings]:
    """Return the base of a settings class that has what it borrows nothing of."""
    borrowed = tuple(settings.borrowed.values())
    return next(
        base
        for base in settings.__bases__
        if issubclass(base, StageSettings) and not issubclass(base, borrowed)
    )


def location_of(field: FieldInfo) -> Location | None:
    """Return what a setting's location is for, or None when it is no location."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict) or "location" not in extra:
        return None
    words: Any = extra["words"]
    prefixes: Any = extra["prefixes"]
    endings: Any = extra["endings"]
    access: Literal["read", "write"] = "read" if extra["location"] == "read" else "write"
    return Location(
        access,
        tuple(words),
        tuple(prefixes),
        tuple(endings),
        folder=bool(extra["folder"]),
        backbones=bool(extra["backbones"]),
    )


def locations() -> dict[tuple[str, str], Location]:
    """Return every location setting, by component and parameter name."""
    return {
        (component, name): found
        for stage in stage_names()
        for component, settings in settings_classes(stage).items()
        for name, field in settings.model_fields.items()
        if (found := location_of(field)) is not None
    }


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
