from kfp import dsl

from sightline.package.component import container


@dsl.container_component
def deploy(
    bundle: dsl.Input[dsl.Model],
    deployment: dsl.Output[dsl.Artifact],
    report: dsl.Output[dsl.HTML],
    folder: str,
    target: str = "local",
    smoke_tolerance: float = 0.001,
    redeploy_rolled_back: bool = False,
    keep_versions: int = 5,
) -> dsl.ContainerSpec:
    """Put a bundle live: versioned, smoke-tested, reversible.

    Args:
        bundle: What export wrote.
        deployment: What is live where, since when, what it replaced, how to roll back.
        report: The deployment and its smoke test.
        target: Where to deploy: local is a model folder laid out as TensorFlow Serving expects.
        folder: Model folder that receives a new numbered version.
        smoke_tolerance: Largest difference of any probability between a golden answer and what the
            new version answers.
        redeploy_rolled_back: Whether a bundle that was rolled back may go live again.
        keep_versions: How many versions stay in the folder for rollback; older ones are removed.
    """
    return container("components.deploy")
