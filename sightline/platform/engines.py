"""The engine that a project's target names."""

from sightline.platform.engine import Engine
from sightline.platform.settings import Project
from sightline.platform.targets import KubeflowTarget, VertexTarget


def engine_for(project: Project) -> Engine:
    """Return what runs pipelines on the project's target; nothing is asked of it yet."""
    if isinstance(project.target, KubeflowTarget):
        from sightline.platform.kubeflow.engine import KubeflowEngine

        experiment = project.target.experiment or project.pipeline.name
        return KubeflowEngine(
            project.target, project.target_name, experiment, options=project.options
        )
    if isinstance(project.target, VertexTarget):
        from sightline.platform.vertex.engine import VertexEngine

        return VertexEngine(
            project.target, project.target_name, project.pipeline.name, options=project.options
        )
    from sightline.platform.local.engine import LocalEngine

    return LocalEngine(project)
