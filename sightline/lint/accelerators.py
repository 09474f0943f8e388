"""Accelerators: each target has its own names and counts."""

from collections.abc import Iterator

from sightline.ground.errors import nearest, shorten
from sightline.images.recipes import GPU_STAGES
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.pushing import push_remedy
from sightline.package.reading.tasks import PackageTask
from sightline.targets.accelerators import ACCELERATORS, NVIDIA, Accelerator
from sightline.targets.kinds import KubeflowTarget, LocalTarget, RemoteTarget, VertexTarget

RULE = "accelerator"


def used_by_the_image(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Warn of an accelerator that a stage's own image cannot use."""
    for task in checked.tasks:
        if task.stage and checked.accelerator(task) and not _holds_cuda(checked, task):
            remedy = f"Remove {_setting(task, 'gpu')}."
            message = "the stage runs on the processor: the accelerator would stand idle"
            if task.stage in GPU_STAGES:
                remedy = f"{push_remedy(checked, target)} Or remove {_setting(task, 'gpu')}."
                message = "no image with CUDA was pushed for it: the accelerator would stand idle"
            yield warning("accelerator-unused", task.name, message, remedy)


def _holds_cuda(checked: Checked, task: PackageTask) -> bool:
    image = checked.recorded.get(checked.image(task))
    return image is not None and image.gpu


def kubernetes_names(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse what no node of a cluster offers under that name: the pod would wait for ever."""
    for task in checked.tasks:
        kind, count = checked.accelerator(task) or ("", 0)
        if kind and "/" not in kind:
            message = (
                f"expected a resource that Kubernetes knows, such as {NVIDIA}; received {kind!r}"
            )
            yield problem(RULE, task.name, message, _remedy(task, kind, NVIDIA))
        elif kind and count < 1:
            message = f"expected at least one {kind}; received 0"
            yield problem(RULE, task.name, message, f"Raise {_setting(task, 'gpu_count')}.")


def kubernetes_kind(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Warn where Kubernetes may choose any GPU."""
    for task in checked.tasks:
        kind, _ = checked.accelerator(task) or ("", 0)
        if kind == NVIDIA and not {"nodeSelector", "nodeAffinity"} & task.pod.keys():
            remedy = (
                "Give the nodes' labels for it, such as "
                f"targets.{checked.target_name}.kubernetes.accelerator_node_selector: "
                "{T4: {cloud.google.com/gke-accelerator: nvidia-tesla-t4}}."
            )
            message = "any kind of GPU may come: nothing says which nodes to take"
            yield warning("accelerator-kind", task.name, message, remedy)


def vertex_names(checked: Checked, target: VertexTarget) -> Iterator[Finding]:
    """Refuse names that Vertex AI does not know, and counts that it does not attach."""
    known = {item.vertex: item for item in ACCELERATORS.values()}
    for task in checked.tasks:
        kind, count = checked.accelerator(task) or ("", 0)
        if kind in known:
            yield from _vertex_count(task, known[kind], count)
        elif kind.startswith("TPU_"):
            message = f"expected a GPU; received {kind}, which TensorFlow in the images cannot use"
            found = problem if task.stage else warning
            yield found(RULE, task.name, message, _remedy(task, kind, "NVIDIA_TESLA_T4"))
        elif kind:
            message = f"expected one of Vertex AI's names ({shorten(known, 3)}); received {kind!r}"
            yield problem(RULE, task.name, message, _remedy(task, kind, "NVIDIA_TESLA_T4"))


def memory_beside_accelerator(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Warn where a task with a GPU says nothing of memory."""
    for task in checked.tasks:
        limits = {"memoryLimit", "resourceMemoryLimit"}
        if checked.accelerator(task) and not limits & task.container["resources"].keys():
            remedy = f"Set {_setting(task, 'memory')}, such as 16G."
            message = "a GPU without a memory limit: its memory is left to chance"
            yield warning("accelerator-memory", task.name, message, remedy)


def without_effect(checked: Checked, target: LocalTarget) -> Iterator[Finding]:
    """Warn that this machine's runner uses the processor."""
    for task in checked.tasks:
        if checked.accelerator(task):
            message = "a GPU has no effect here: local runs use the processor"
            remedy = f"Nothing to do, or remove {_setting(task, 'gpu')}."
            yield warning(RULE, task.name, message, remedy)


def _vertex_count(task: PackageTask, wanted: Accelerator, count: int) -> Iterator[Finding]:
    if not wanted.counts:
        message = f"expected an accelerator that is still offered; received {wanted.vertex}"
        yield problem(RULE, task.name, message, f"Set {_setting(task, 'gpu')} to T4 or L4.")
    elif count not in wanted.counts:
        counts = ", ".join(map(str, wanted.counts))
        message = f"expected {counts} of {wanted.vertex} in one machine; received {count}"
        yield problem(RULE, task.name, message, f"Change {_setting(task, 'gpu_count')}.")


def _remedy(task: PackageTask, kind: str, example: str) -> str:
    if not task.stage:
        return f"Call task.set_accelerator_type({example!r}) for this target and compile again."
    short = next((item.name for item in ACCELERATORS.values() if item.vertex == kind), None)
    guess = short or nearest(kind.upper(), ACCELERATORS)
    offered = f"Known: {', '.join(name for name, item in ACCELERATORS.items() if item.counts)}."
    hint = f"Did you mean {guess}? " if guess else ""
    return f"{hint}Set {_setting(task, 'gpu')} to a name that every target knows. {offered}"


def _setting(task: PackageTask, name: str) -> str:
    return f"resources.{task.stage}.{name}" if task.stage else f"its {name.replace('_', ' ')}"
