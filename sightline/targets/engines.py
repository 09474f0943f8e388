"""The engine that a project's target names."""

from sightline.project.settings import Project
from sightline.runs.engine import Engine
from sightline.targets.kinds import KubeflowTarget, VertexTarget


def engine_for(project: Project) -> Engine:
    """Return what runs pipelines on the project's target; nothing is asked of it yet."""
    if isinstance(project.target, KubeflowTarget):
        from sightline.targets.kfp.engine import KubeflowEngine

        experiment = project.target.experiment or project.pipeline.name
        return KubeflowEngine(
            project.target, project.target_name, experiment, options=project.options
        )
    if isinstance(project.target, VertexTarget):
        from sightline.targets.vertex.engine import VertexEngine

        return VertexEngine(
            project.target, project.target_name, project.pipeline.name, options=project.options
        )
    from sightline.targets.local.engine import LocalEngine

    return LocalEngine(project)
