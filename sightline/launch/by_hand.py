"""Deploy a bundle without a run, with the settings of the project, and take it down again."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sightline._house import house
from sightline.ground.checking import check_section
from sightline.ground.errors import UserError
from sightline.images.record import images_file, read_images
from sightline.project.overrides import parse_override
from sightline.project.roles import settings_filled_with
from sightline.project.settings import Project, load_project
from sightline.project.stages import settings_class
from sightline.project.target import Target
from sightline.project.target_sections import read_targets
from sightline.project.yaml_file import read_yaml

STAGE = "deploy"
LOCAL = "local"
"""The place to deploy to whose servers follow the model folder."""
SERVING = "serving"


def deploy_settings(
    file: Path, place: str | None, overrides: Sequence[str], target: str | None = None
) -> BaseModel:
    """Return the settings for a place to deploy to: the project's, and those given on top.

    Where the file has one target of the same kind, such as `vertex`, that one's project, location,
    model folder and pushed server image are taken.

    Args:
        file: of the project; it may be missing where everything is given.
        place: local, vertex or kserve; the project's own choice unless given.
        overrides: texts such as `deploy.folder=gs://models/flowers`.
        target: of the project, where the pipeline runs; else the one of the same kind.

    Raises:
        UserError: a setting is missing or cannot be used.
    """
    chosen = [f"{STAGE}.target={place}"] if place else []
    wanted = [*chosen, *overrides]
    if not file.is_file():
        given = {name: value for _, name, value in map(parse_override, wanted)}
        return check_section(settings_class(STAGE), STAGE, given, lambda _: "--set")
    named = target or _target_of_kind(file, place or load_project(file, wanted).stages[STAGE])
    project = load_project(file, wanted, named)
    settings = project.stages[STAGE]
    if image := _pushed_server(project, settings):
        wanted.append(f"{STAGE}.serving_image={image}")
        settings = load_project(file, wanted, named).stages[STAGE]
    return settings


def model_name(file: Path) -> str:
    """Return what the project calls its model; nothing without a project."""
    if not file.is_file():
        return ""
    project = load_project(file)
    roles = settings_filled_with("model name")
    given = (getattr(project.stages.get(stage), name, "") for stage, name in roles)
    return next((str(value) for value in given if value), project.pipeline.name)


def deploy_by_hand(bundle: str, settings: BaseModel) -> dict[str, Any]:
    """Deploy a bundle; return what `deployment.json` of a run would say.

    Raises:
        UserError: it did not work; what is wrong was said.
    """
    return _run({"bundle": bundle, "settings": settings.model_dump(mode="json")})


def change_by_hand(settings: BaseModel, action: str, version: str) -> list[str]:
    """Make a version live in a cloud, and move its requests; return what was done.

    Args:
        settings: of deploy.
        action: promote or rollback.
        version: number or alias; for a rollback a number, or nothing for the one before.

    Raises:
        UserError: it did not work; what is wrong was said.
    """
    values = settings.model_dump(mode="json")
    found: list[str] = _run({"settings": values, "change": action, "version": version})["changed"]
    return found


def examine_by_hand(settings: BaseModel, model: str) -> list[dict[str, Any]]:
    """Look whether a deployment to a cloud would work: name, state, found and remedy of each check.

    Raises:
        UserError: it cannot be looked at.
    """
    request = {"settings": settings.model_dump(mode="json"), "model": model}
    found: list[dict[str, Any]] = _run(request)["findings"]
    return found


def undeploy_by_hand(settings: BaseModel, model: str) -> list[str]:
    """Remove what answers under the name of a model; return what was done.

    Raises:
        UserError: it did not work; what is wrong was said.
    """
    request = {"settings": settings.model_dump(mode="json"), "undeploy": model}
    found: list[str] = _run(request)["undeployed"]
    return found


def _target_of_kind(file: Path, wanted: str | BaseModel) -> str | None:
    kind = wanted if isinstance(wanted, str) else getattr(wanted, "target", LOCAL)
    if kind == LOCAL:
        return None
    content = read_yaml(file)
    targets: Mapping[str, Target] = read_targets(content, content.content.get("targets") or {})
    fitting = [name for name, target in targets.items() if getattr(target, "kind", "") == kind]
    return fitting[0] if len(fitting) == 1 else None


def _pushed_server(project: Project, settings: BaseModel) -> str:
    """Return the server's image in the registry of the project's target, where none was named."""
    if getattr(settings, "serving_image", "") or project.target.remote is None:
        return ""
    registry = project.target.remote.registry
    pushed = read_images(images_file(project.path)).pinned(registry, SERVING)
    return pushed.reference if pushed else ""


def _run(request: Mapping[str, Any]) -> dict[str, Any]:
    """Run the stage in a process of its own, as a pipeline does."""
    paths = [str(house()), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(one for one in paths if one)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "components.deploy.by_hand"],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode not in (0, 2):
        raise UserError(f"the deployment ended with exit code {done.returncode}; see above.")
    found: dict[str, Any] = json.loads(done.stdout)
    if "error" in found:
        raise UserError(found["error"])
    return found
