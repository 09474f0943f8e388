"""Accelerators of Kubernetes: resources that nodes offer."""

from collections.abc import Iterator

from sightline.lint.accelerators import RULE, gpu_setting, name_remedy
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.targets.kfp.settings import NVIDIA, KubeflowTarget


def offered(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse what no node of a cluster offers under that name: the pod would wait for ever."""
    for task in checked.tasks:
        kind, count = checked.accelerator(task) or ("", 0)
        if kind and "/" not in kind:
            message = (
                f"expected a resource that Kubernetes knows, such as {NVIDIA}; received {kind!r}"
            )
            yield problem(RULE, task.name, message, name_remedy(task, kind, NVIDIA))
        elif kind and count < 1:
            message = f"expected at least one {kind}; received 0"
            yield problem(RULE, task.name, message, f"Raise {gpu_setting(task, 'gpu_count')}.")


def of_one_kind(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
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
