"""Compile a project's pipeline into the package that its target runs."""

import hashlib
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sightline import __version__
from sightline.ground.storage.files import whole
from sightline.package.compiled import Package
from sightline.project.sections import Resources, seconds
from sightline.project.settings import Project
from sightline.project.target import Target

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask

    from sightline.package.pipeline import TaskOptions

Images = Mapping[str, str]
"""Image with digest, by stage."""


def compile_project(project: Project, output: Path, images: Images | None = None) -> Package:
    """Write the package with the project's values as parameter defaults and its resources.

    Args:
        project: settings, for one target.
        output: the package to write, as YAML.
        images: image with digest by stage; the local names unless given.
    """
    from kfp import compiler

    from sightline.package.pipelines import load_pipeline

    definition = load_pipeline(project.definition)
    options = {
        stage: task_options(
            project.target, stage, project.resources.get(stage, Resources()), images or {}
        )
        for stage in definition.stage_names
    }
    component = definition.component(
        options=options, defaults=project.parameters(), name=pipeline_name(project)
    )
    with whole(output) as partial, warnings.catch_warnings():
        # kfp 2.17 announces its next default base image, which container components never use.
        warnings.simplefilter("ignore", FutureWarning)
        compiler.Compiler().compile(component, str(partial))
    return describe_package(project, output)


def describe_package(project: Project, path: Path) -> Package:
    """Name a compiled package and its version, which follows from its content."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Package(path=path, name=project.pipeline.name, version=f"{__version__}-{digest[:12]}")


def pipeline_name(project: Project) -> str:
    """Return the name inside the package, such as `flowers-training`.

    Targets file runs and artifacts under it. Kubernetes and Vertex AI take lower case, digits and
    dashes.
    """
    parts = (project.pipeline.name, project.definition)
    return "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)


def task_options(target: Target, stage: str, resources: Resources, images: Images) -> "TaskOptions":
    """Map a stage's resources to what its task gets on a target."""
    from sightline.package.pipeline import TaskOptions

    def also(task: "PipelineTask") -> None:
        target.extend_task(task, stage, resources)

    return TaskOptions(
        cpu=resources.cpu or None,
        memory=resources.memory or None,
        accelerator=target.accelerator(resources.gpu) or None,
        accelerator_count=resources.gpu_count,
        image=images.get(stage),
        retries=resources.retries,
        retry_delay_seconds=seconds(resources.retry_delay),
        timeout_seconds=seconds(resources.timeout),
        cache=resources.cache,
        environment=target.remote.environment if target.remote else {},
        also=also,
    )
