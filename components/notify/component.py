from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def notify(
    summary: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
    status: dsl.PipelineTaskFinalStatus,
    name: str = "",
    webhook: str = "",
    on: str = "always",
    link: str = "",
) -> dsl.ContainerSpec:
    """Say how a run ended and what came out of it: on a page, in the log and to a webhook.

    Args:
        summary: How the run ended, what came out, what changed since the run before.
        report: The same for people.
        status: How the other tasks of the run ended, from Kubeflow or Vertex AI.
        name: Name of the project in the message; empty takes the name of the run alone.
        webhook: Where the address of a webhook for Slack-compatible JSON is to be found: env:NAME
            for an environment variable, or the path or URI of a file that holds it; never the
            address itself. Empty sends nothing.
        on: When the webhook is called: always, failure, or change: another decision, accuracy or
            number of images than the run before, or a failure.
        link: Address of the run in the pipeline UI, with {run} for the run's id; empty leaves the
            link out.
    """
    return container("components.notify")
