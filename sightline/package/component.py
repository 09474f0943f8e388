"""What a component wrapper says about its container: image, command and executor input."""

from kfp import dsl

from sightline.images.recipes import image_reference


def container(module: str) -> dsl.ContainerSpec:
    """Describe the container of the stage in `module`, such as `components.train`.

    The executor input placeholder carries ports and settings; the stage answers into the
    file that it names. The command is explicit, because kfp.local runs an image's ENTRYPOINT
    in its place and reports success.
    """
    stage = module.split(".")[1]
    return dsl.ContainerSpec(
        image=image_reference(stage),
        command=["python3", "-m", module],
        args=["--executor-input", dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER],
    )
