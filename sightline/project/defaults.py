"""What Sightline decides for a user who did not: where the model goes, what it is held against."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.ground.addresses import is_local
from sightline.ground.model_folder import live_number
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
    held unless the user sets `evaluate.champion` (empty for no comparison).
    """
    export = {"model_name": pipeline.name, **given["export"]}
    name = str(export["model_name"])
    folder = target.model_folder(name) or str((base / pipeline.root / "models" / name).resolve())
    deploy = {"folder": folder, **given["deploy"]}
    evaluate = dict(given["evaluate"])
    notes = {}
    if target.remote:
        # Evaluate looks there when it runs: a folder without a version is no champion.
        evaluate.setdefault("champion", deploy["folder"])
    elif "champion" not in evaluate and (version := live_number(Path(str(deploy["folder"])))):
        evaluate["champion"] = str(deploy["folder"])
        notes["evaluate"] = (
            f"The new model is compared with the live one (version {version}); "
            'evaluate.champion: "" turns this off.'
        )
    notify = {"name": pipeline.name, **given["notify"]}
    filled = {"export": export, "deploy": deploy, "evaluate": evaluate, "notify": notify}
    return {**given, **filled}, notes


def absolute(stage: str, name: str, value: Any, base: Path) -> Any:
    """Make a location setting's relative path absolute; URIs, words and other settings stay."""
    field = settings_class(stage).model_fields.get(name)
    found = location_of(field) if field else None
    if (
        found is None
        or not isinstance(value, str)
        or not found.is_place(value)
        or not is_local(value)
    ):
        return value
    return str((base / Path(value).expanduser()).resolve())
