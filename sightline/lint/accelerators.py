"""Accelerators: whether they are used, and what to do about a name that a target does not know."""

from collections.abc import Iterator

from sightline.ground.errors import nearest
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, warning
from sightline.lint.pushing import push_remedy
from sightline.package.reading.package_task import PackageTask
from sightline.project.accelerators import ACCELERATORS, OFFERED, common_name
from sightline.project.roles import gpu_stages
from sightline.project.target import RemoteTarget

RULE = "accelerator"


def used_by_the_image(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Warn of an accelerator that a stage's own image cannot use."""
    for task in checked.tasks:
        if task.stage and checked.accelerator(task) and not _holds_cuda(checked, task):
            remedy = f"Remove {gpu_setting(task, 'gpu')}."
            message = "the stage runs on the processor: the accelerator would stand idle"
            if task.stage in gpu_stages():
                remedy = f"{push_remedy(checked, target)} Or remove {gpu_setting(task, 'gpu')}."
                message = "no image with CUDA was pushed for it: the accelerator would stand idle"
            yield warning("accelerator-unused", task.name, message, remedy)


def _holds_cuda(checked: Checked, task: PackageTask) -> bool:
    image = checked.recorded.get(checked.image(task))
    return image is not None and image.gpu


def memory_beside_accelerator(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Warn where a task with a GPU says nothing of memory."""
    for task in checked.tasks:
        limits = {"memoryLimit", "resourceMemoryLimit"}
        if checked.accelerator(task) and not limits & task.container["resources"].keys():
            remedy = f"Set {gpu_setting(task, 'memory')}, such as 16G."
            message = "a GPU without a memory limit: its memory is left to chance"
            yield warning("accelerator-memory", task.name, message, remedy)


def name_remedy(task: PackageTask, word: str, example: str) -> str:
    """Say what to do about an accelerator that a target does not know.

    Args:
        task: who asks for it.
        word: what it asks for.
        example: what this target would know.
    """
    if not task.stage:
        return f"Call task.set_accelerator_type({example!r}) for this target and compile again."
    guess = common_name(word) or nearest(word.upper(), ACCELERATORS)
    hint = f"Did you mean {guess}? " if guess else ""
    return (
        f"{hint}Set {gpu_setting(task, 'gpu')} to a name that every target knows. Known: "
        f"{', '.join(OFFERED)}."
    )


def gpu_setting(task: PackageTask, name: str) -> str:
    """Name what decides over a task's accelerator, such as `resources.train.gpu`."""
    return f"resources.{task.stage}.{name}" if task.stage else f"its {name.replace('_', ' ')}"
