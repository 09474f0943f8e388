"""Compile the golden project for its targets, with images that are never pulled."""

import hashlib
from pathlib import Path

from sightline.package.compile import compile_project
from sightline.project.settings import load_project
from sightline.project.stages import stage_names
from sightline.project.target import Target

FOLDER = Path(__file__).parent
SETTINGS = FOLDER / "sightline.yaml"
TARGETS = ("local", "kfp", "vertex")


def golden(target: str) -> Path:
    """Return the package of a target as it was when it was last looked at."""
    return FOLDER / f"{target}.yaml"


def compile_golden(target: str, output: Path) -> Path:
    """Compile the golden project for a target as it is now."""
    project = load_project(SETTINGS, (), target)
    compile_project(project, output, images=fake_images(project.target))
    return output


def fake_images(target: Target) -> dict[str, str]:
    """Return an image by digest for each stage, as if it had been pushed."""
    if target.remote is None:
        return {}
    return {
        stage: f"{target.remote.registry}/sightline-{stage.replace('_', '-')}"
        f"@sha256:{hashlib.sha256(stage.encode()).hexdigest()}"
        for stage in stage_names()
    }
