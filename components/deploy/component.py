from kfp import dsl

from sightline.package.component import stage_component

from .settings import DeploySettings


@stage_component(DeploySettings)
def deploy(
    bundle: dsl.Input[dsl.Model],
    deployment: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
) -> None:
    """Put a bundle live: versioned, smoke-tested, reversible.

    Args:
        bundle: What export wrote.
        deployment: What is live where, since when, what it replaced, how to roll back.
        report: The deployment and its smoke test.
    """
