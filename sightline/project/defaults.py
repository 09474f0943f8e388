"""What Sightline decides for a user who did not: where the model goes, what it is held against."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.ground.model_folder import live_number
from sightline.ground.settings import Role
from sightline.ground.storage.addresses import is_local
from sightline.project.roles import settings_filled_with
from sightline.project.sections import PipelineSection
from sightline.project.stages import location_of, settings_class
from sightline.project.target import Target

Given = dict[str, dict[str, Any]]
"""Section -> setting -> value as the user gave it."""


def fill(
    given: Given, pipeline: PipelineSection, base: Path, target: Target
) -> tuple[Given, Mapping[str, str]]:
    """Add the settings that follow from others, and say by stage what was decided.

    A model that is already live becomes the champion of the next run, so that a worse one is
    held unless the user sets that setting (to nothing for no comparison).
    """
    filled = {stage: dict(values) for stage, values in given.items()}
    _put(filled, "project name", pipeline.name)
    name = _put(filled, "model name", pipeline.name)
    here = str((base / pipeline.root / "models" / name).resolve())
    for role, address in target.addresses().items():
        _put(filled, role, address)
    folder = _put(filled, "model folder", target.model_folder(name) or here)
    if target.remote:
        # The stage looks there when it runs: a folder without a version is no champion.
        _put(filled, "live model", folder)
        return filled, {}
    return filled, _compare_with_live(filled, folder)


def _put(filled: Given, role: Role, value: str) -> str:
    """Fill in every setting of a role that has no value yet, and return what the role has now."""
    values = [
        str(filled[stage].setdefault(name, value)) for stage, name in settings_filled_with(role)
    ]
    return next(iter(values), value)


def _compare_with_live(filled: Given, folder: str) -> dict[str, str]:
    """Have the new model compared with the live one, if there is one, and say so."""
    notes: dict[str, str] = {}
    for stage, name in settings_filled_with("live model"):
        if name not in filled[stage] and (version := live_number(Path(folder))):
            filled[stage][name] = folder
            notes[stage] = (
                f"The new model is compared with the live one (version {version}); "
                f'{stage}.{name}: "" turns this off.'
            )
    return notes


def absolute(stage: str, name: str, value: Any, base: Path) -> Any:
    """Make a location setting's relative path absolute; URIs, words and other settings stay."""
    field = settings_class(stage).model_fields.get(name)
    found = location_of(field) if field else None
    if found and found.backbones and isinstance(value, list):
        return [absolute(stage, name, item, base) for item in value]
    if (
        found is None
        or not isinstance(value, str)
        or not found.is_place(value)
        or not is_local(value)
    ):
        return value
    return str((base / Path(value).expanduser()).resolve())
