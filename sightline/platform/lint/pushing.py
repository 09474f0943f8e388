"""What to type to have the images of a package in a target's registry."""

from sightline.platform.images.recipes import GPU_STAGES
from sightline.platform.lint.checked import Checked
from sightline.platform.targets import RemoteTarget


def push_remedy(checked: Checked, target: RemoteTarget) -> str:
    """Say how to push images, with CUDA for the tasks that ask for a GPU and can use one."""
    on_gpu = {task.stage for task in checked.tasks if checked.accelerator(task)}
    options = "".join(f" --gpu {stage}" for stage in GPU_STAGES if stage in on_gpu)
    build = f"sightline images build{options}"
    if target.registry:
        return f"Run `{build} --push {target.registry}` and compile again."
    return (
        f"Set targets.{checked.target_name}.registry, run `{build} --push REGISTRY` with the same, "
        "and compile again."
    )
