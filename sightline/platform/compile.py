"""Compile a project's pipeline into the package that every target runs."""

import importlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sightline.platform.sections import Resources
from sightline.platform.settings import Project

if TYPE_CHECKING:
    from sightline.platform.pipeline import Pipeline, TaskOptions

TRAINING = "pipelines.training:training"


def compile_project(project: Project, output: Path) -> tuple[str, ...]:
    """Write the package with the project's values as parameter defaults and its resources.

    Returns:
        what the package leaves out, to be said.
    """
    from kfp import compiler

    options = {stage: task_options(resources) for stage, resources in project.resources.items()}
    component = load_pipeline(TRAINING).component(options=options, defaults=project.parameters())
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.stem}.partial.yaml")
    with warnings.catch_warnings():
        # kfp 2.17 announces its next default base image, which container components never use.
        warnings.simplefilter("ignore", FutureWarning)
        compiler.Compiler().compile(component, str(partial))
    partial.replace(output)
    return left_out(project.resources)


def load_pipeline(name: str) -> "Pipeline":
    """Import a pipeline definition by `module:name`."""
    module, _, attribute = name.partition(":")
    found: Pipeline = getattr(importlib.import_module(module), attribute)
    return found


def task_options(resources: Resources) -> "TaskOptions":
    """Map a stage's resources to what its task gets on this machine."""
    from sightline.platform.pipeline import TaskOptions

    return TaskOptions(cpu=resources.cpu or None, memory=resources.memory or None)


def left_out(resources: Mapping[str, Resources]) -> tuple[str, ...]:
    """Say which resources have no effect on this machine."""
    return tuple(
        f"resources.{stage}.gpu has no effect here: local runs use the processor."
        for stage, wanted in resources.items()
        if wanted.gpu
    )
