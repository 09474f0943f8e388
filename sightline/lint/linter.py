"""All rules, by the targets that they are for."""

from collections.abc import Callable, Iterator

from sightline.lint import (
    accelerators,
    images,
    names,
    parameters,
    platform,
    reach,
    resources,
    secrets,
    size,
)
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding
from sightline.targets.kinds import (
    KubeflowTarget,
    LocalTarget,
    RemoteTarget,
    Target,
    VertexTarget,
)

EVERYWHERE: tuple[Callable[[Checked, Target], Iterator[Finding]], ...] = (
    parameters.known,
    parameters.given,
    parameters.typed,
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
    size.large,
)
KUBEFLOW: tuple[Callable[[Checked, KubeflowTarget], Iterator[Finding]], ...] = (
    images.kubeflow_registry,
    reach.on_kubeflow,
    accelerators.kubernetes_names,
    accelerators.kubernetes_kind,
    parameters.run_size,
    names.tasks,
    names.namespace,
    names.environment,
    size.upload,
    size.many_tasks,
)
VERTEX: tuple[Callable[[Checked, VertexTarget], Iterator[Finding]], ...] = (
    platform.vertex_documents,
    images.vertex_registry,
    reach.on_vertex,
    accelerators.vertex_names,
    resources.vertex_machines,
    resources.vertex_requests,
    names.labels,
    names.google_names,
)
LOCAL: tuple[Callable[[Checked, LocalTarget], Iterator[Finding]], ...] = (
    platform.without_effect,
    accelerators.without_effect,
)


def lint(checked: Checked) -> list[Finding]:
    """Return what a package's target would reject, ignore or misunderstand; problems first."""
    found = dict.fromkeys(_findings(checked))
    return sorted(found, key=lambda finding: finding.severity != "problem")


def _findings(checked: Checked) -> Iterator[Finding]:
    target = checked.target
    for everywhere in EVERYWHERE:
        yield from everywhere(checked, target)
    if isinstance(target, RemoteTarget):
        for cluster in CLUSTERS:
            yield from cluster(checked, target)
    if isinstance(target, KubeflowTarget):
        for kubeflow in KUBEFLOW:
            yield from kubeflow(checked, target)
    elif isinstance(target, VertexTarget):
        for vertex in VERTEX:
            yield from vertex(checked, target)
    else:
        for local in LOCAL:
            yield from local(checked, target)
