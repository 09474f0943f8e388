"""What to type to have the images of a package in a target's registry."""

from collections.abc import Collection

from sightline.lint.checked import Checked
from sightline.project.roles import gpu_stages
from sightline.project.target import RemoteTarget


def build_command(on_gpu: Collection[str]) -> str:
    """Return the command that builds all images, with CUDA for those that can use it."""
    options = "".join(f" --gpu {stage}" for stage in gpu_stages() if stage in on_gpu)
    return f"sightline images build{options}"


def push_remedy(checked: Checked, target: RemoteTarget) -> str:
    """Say how to push images, with CUDA for the tasks that ask for a GPU and can use one."""
    build = build_command({task.stage for task in checked.tasks if checked.accelerator(task)})
    if target.registry:
        return f"Run `{build} --push {target.registry}` and compile again."
    return (
        f"Set targets.{checked.target_name}.registry, run `{build} --push REGISTRY` with the same, "
        "and compile again."
    )
