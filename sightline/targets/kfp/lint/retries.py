"""Retries that the installation's own retry strategy would replace."""

from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, warning
from sightline.targets.kfp.settings import KubeflowTarget

ASK = "kubectl get configmap workflow-controller-configmap --namespace kubeflow --output yaml"


def policy(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Warn where a stage that fails would not be tried again, although the package asks for it."""
    if not target.retry_defaults:
        return
    for task in checked.tasks:
        if not int(task.node.get("retryPolicy", {}).get("maxRetryCount", 0)):
            continue
        message = (
            "no effect where the workflow controller has a templateDefaults.retryStrategy of "
            "policy OnError, as Kubeflow Pipelines 2.17 installs it: only errors of the cluster "
            "are tried again, no stage that fails"
        )
        remedy = (
            f"Look: {ASK}. Without that retryStrategy (docs/clusters.md, section 3) set "
            f"targets.{checked.target_name}.retry_defaults: false."
        )
        yield warning("retries", task.name, message, remedy)
