"""What this machine ignores in a package."""

from collections.abc import Callable, Iterator

from sightline.ground.errors import shorten
from sightline.lint import accelerators, images, places, platform
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, warning
from sightline.project.gpus import gpus_here
from sightline.targets.local.settings import LocalTarget


def pods(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn that this machine has no pods."""
    if len(checked.documents) > 1:
        message = f"platform settings have no effect here: {shorten(platform.features(checked))}"
        yield warning(
            platform.RULE, "package", message, "Compile without --target to leave them out."
        )


def gpus(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn of GPUs that this machine does not have."""
    for task in checked.tasks:
        wanted = checked.accelerator(task)
        if wanted and len(gpus_here()) < wanted[1]:
            message = f"{wanted[1]} GPU(s) asked for; this machine has {len(gpus_here())}"
            remedy = f"See `sightline doctor`, or remove {accelerators.gpu_setting(task, 'gpu')}."
            yield warning("accelerator-here", task.name, message, remedy)


def elsewhere(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn of what is on this machine alone, in a package that somebody may take to a cluster."""
    remedy = "For a cluster, compile with --target and a target of section `targets`."
    for task, image in images.images(checked):
        if image.startswith(images.LOCAL_PREFIX):
            yield warning("this-machine", task.name, "its image is on this machine alone", remedy)
    for task, name, _, value in places.places(checked):
        if places.local_path(value).startswith("/"):
            where = f"{task.component}_{name}"
            message = f"{places.shown(value)} is a path of this machine"
            yield warning("this-machine", where, message, remedy)


RULES: tuple[Callable[[Checked, LocalTarget], Iterator[Finding]], ...] = (pods, gpus, elsewhere)
