"""What Sightline decides for a user who did not: where the model goes, what it is held against."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.ground.models.model_folder import live_number
from sightline.ground.settings import Role
from sightline.ground.storage.addresses import is_local
from sightline.project.roles import is_filled_beside, settings_filled_with
from sightline.project.sections import PipelineSection
from sightline.project.stages import location_of, settings_class
from sightline.project.target import Target

NOTES: Mapping[Role, str] = {
    "live model": "The new model is compared with the live one (version {version}); "
    '{setting}: "" turns this off.',
    "starting model": "Training starts from the live model (version {version}); {setting} names "
    "another.",
}
"""What is said where a stage uses the live model."""

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
    _put(filled, "answering model", folder)
    if target.remote or not is_local(folder):
        # The stage looks there when it runs: a folder without a version is no champion.
        for role in NOTES:
            _put(filled, role, folder)
        return filled, {}
    return filled, _use_live(filled, folder)


def _put(filled: Given, role: Role, value: str) -> str:
    """Fill in every setting of a role that has no value yet, and return what the role has now."""
    values = [
        str(filled[stage].setdefault(name, value))
        for stage, name in settings_filled_with(role)
        if is_filled_beside(stage, name, filled[stage])
    ]
    return next(iter(values), value)


def _use_live(filled: Given, folder: str) -> dict[str, str]:
    """Have stages use the live model that want one, if there is one, and say so."""
    notes: dict[str, str] = {}
    for role, note in NOTES.items():
        for stage, name in settings_filled_with(role):
            wanted = name not in filled[stage] and is_filled_beside(stage, name, filled[stage])
            if wanted and (version := live_number(Path(folder))):
                filled[stage][name] = folder
                notes[stage] = note.format(version=version, setting=f"{stage}.{name}")
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
