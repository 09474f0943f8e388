"""The rules that hold for Kubeflow Pipelines alone."""

from collections.abc import Callable, Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding
from sightline.targets.kfp.lint import accelerators, images, names, reach, retries, size
from sightline.targets.kfp.settings import KubeflowTarget

RULES: tuple[Callable[[Checked, KubeflowTarget], Iterator[Finding]], ...] = (
    images.registry,
    reach.inputs,
    reach.pipeline_root,
    accelerators.offered,
    accelerators.of_one_kind,
    names.tasks,
    names.namespace,
    names.environment,
    retries.policy,
    size.parameters,
    size.tasks,
)
