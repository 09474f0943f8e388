"""Names that Kubernetes, Argo and Kubeflow would reject."""

import re
from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem
from sightline.lint.names import DISPLAY_LENGTH, RULE, cut
from sightline.targets.kfp.settings import KubeflowTarget

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# Argo's longest name is 128 characters, and Kubeflow adds `-driver`.
TASK_LENGTH = 121


def tasks(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse task names that Argo has no room for."""
    for task in checked.tasks:
        if len(task.name) > TASK_LENGTH:
            message = f"expected up to {TASK_LENGTH} characters; received {len(task.name)}"
            yield problem(RULE, f"task {cut(task.name)}", message, "Shorten the function's name.")


def namespace(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse names in the target that Kubernetes and Kubeflow do not take."""
    place = f"targets.{checked.target_name}"
    if not LABEL.fullmatch(target.namespace):
        yield _kubernetes_name(f"{place}.namespace", target.namespace, 63)
    size = len(target.experiment.encode())
    if size > DISPLAY_LENGTH:
        message = f"expected up to {DISPLAY_LENGTH} bytes; received {size}"
        yield problem(RULE, f"{place}.experiment", message, "Shorten it.")
    for setting, name in _kubernetes_names(target):
        if not SUBDOMAIN.fullmatch(name):
            yield _kubernetes_name(f"{place}.{setting}", name, 253)


def environment(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse environment variables that a pod cannot have."""
    names = {name: "environment" for name in target.environment} | {
        name: "kubernetes.secrets_as_environment"
        for secret in target.kubernetes.secrets_as_environment
        for name in secret.variables.values()
    }
    for name, setting in names.items():
        if not VARIABLE.fullmatch(name):
            message = f"expected the name of an environment variable; received {cut(name)}"
            where = f"targets.{checked.target_name}.{setting}"
            yield problem(RULE, where, message, "Use letters, digits and underscores.")


def _kubernetes_names(target: KubeflowTarget) -> Iterator[tuple[str, str]]:
    pods = target.kubernetes
    if target.service_account:
        yield "service_account", target.service_account
    for variables in pods.secrets_as_environment:
        yield "kubernetes.secrets_as_environment", variables.secret
    for files in pods.secrets_as_volumes:
        yield "kubernetes.secrets_as_volumes", files.secret
    for volume in pods.volumes:
        yield "kubernetes.volumes", volume.claim
    for name in pods.image_pull_secrets:
        yield "kubernetes.image_pull_secrets", name


def _kubernetes_name(where: str, name: str, length: int) -> Finding:
    message = f"expected up to {length} lower case letters, digits and dashes; received {cut(name)}"
    return problem(RULE, where, message, "Use the name that `kubectl get` shows.")
