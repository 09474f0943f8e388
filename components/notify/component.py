from kfp import dsl

from sightline.package.component import stage_component

from .settings import NotifySettings


@stage_component(NotifySettings)
def notify(
    summary: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
    status: dsl.PipelineTaskFinalStatus,
) -> None:
    """Say how a run ended and what came out of it: on a page, in the log and to a webhook.

    Args:
        summary: How the run ended, what came out, what changed since the run before.
        report: The same for people.
        status: How the other tasks of the run ended, from Kubeflow or Vertex AI.
    """
