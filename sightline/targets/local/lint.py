"""What this machine ignores in a package."""

from collections.abc import Callable, Iterator

from sightline.ground.errors import shorten
from sightline.lint import accelerators, platform
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, warning
from sightline.targets.local.settings import LocalTarget


def pods(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn that this machine has no pods."""
    if len(checked.documents) > 1:
        message = f"platform settings have no effect here: {shorten(platform.features(checked))}"
        yield warning(
            platform.RULE, "package", message, "Compile without --target to leave them out."
        )


def gpus(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn that this machine's runner uses the processor."""
    for task in checked.tasks:
        if checked.accelerator(task):
            message = "a GPU has no effect here: local runs use the processor"
            remedy = f"Nothing to do, or remove {accelerators.gpu_setting(task, 'gpu')}."
            yield warning(accelerators.RULE, task.name, message, remedy)


RULES: tuple[Callable[[Checked, LocalTarget], Iterator[Finding]], ...] = (pods, gpus)
