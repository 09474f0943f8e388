"""Compile a project's pipeline into the package that its target runs."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sightline import __version__
from sightline.ground.storage.files import write_whole
from sightline.package.compiled import Package
from sightline.project.sections import Resources, seconds
from sightline.project.settings import Project
from sightline.project.target import Target

if TYPE_CHECKING:
    from kfp.dsl import PipelineTask
    from kfp.dsl.base_component import BaseComponent

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
    write_package(component_of(project, images or {}), output)
    return describe_package(project, output)


def component_of(project: Project, images: Images) -> "BaseComponent":
    """Build the Kubeflow pipeline of a project's settings."""
    from sightline.package.pipelines import load_pipeline

    definition = load_pipeline(project.definition)
    options = {
        stage: task_options(
            project.target, stage, project.resources.get(stage, Resources()), images
        )
        for stage in definition.stage_names
    }
    return definition.component(
        options=options, defaults=project.parameters(), name=pipeline_name(project)
    )


def write_package(component: "BaseComponent", output: Path) -> None:
    """Write a pipeline as kfp's compiler does, byte by byte, with YAML's C library.

    The compiler itself spends two thirds of its time in PyYAML's own writer.
    """
    from google.protobuf import json_format
    from kfp.compiler.pipeline_spec_builder import extract_comments_from_pipeline_spec

    documents = [json_format.MessageToDict(component.pipeline_spec)]
    comments = extract_comments_from_pipeline_spec(documents[0], component.description)
    if component.platform_spec.platforms:
        documents.append(json_format.MessageToDict(component.platform_spec))
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    write_whole(output, comments + yaml.dump_all(documents, Dumper=dumper, sort_keys=True))


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
