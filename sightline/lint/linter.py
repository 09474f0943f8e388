"""All rules: those for every target, those for every cluster, and the target's own."""

from collections.abc import Callable, Iterator

from sightline.lint import (
    accelerators,
    images,
    names,
    parameters,
    reach,
    resources,
    secrets,
    size,
)
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding
from sightline.project.target import RemoteTarget, Target

EVERYWHERE: tuple[Callable[[Checked, Target], Iterator[Finding]], ...] = (
    parameters.known,
    parameters.given,
    parameters.typed,
    parameters.needed,
    secrets.in_parameters,
    secrets.in_tasks,
)
CLUSTERS: tuple[Callable[[Checked, RemoteTarget], Iterator[Finding]], ...] = (
    secrets.webhook_variable,
    images.pinned,
    images.of_this_target,
    images.as_recorded,
    reach.pipeline_root,
    reach.variables,
    accelerators.memory_beside_accelerator,
    accelerators.used_by_the_image,
    resources.readable,
    parameters.task_size,
    names.pipeline,
    names.runs,
    size.package,
)


def lint(checked: Checked) -> list[Finding]:
    """Return what a package's target would reject, ignore or misunderstand; problems first."""
    found = dict.fromkeys(_findings(checked))
    return sorted(found, key=lambda finding: finding.severity != "problem")


def _findings(checked: Checked) -> Iterator[Finding]:
    target = checked.target
    for everywhere in EVERYWHERE:
        yield from everywhere(checked, target)
    if target.remote:
        for cluster in CLUSTERS:
            yield from cluster(checked, target.remote)
    yield from target.lint(checked)
