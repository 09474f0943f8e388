"""How much a target takes."""

from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.targets.kinds import KubeflowTarget, RemoteTarget

RULE = "size"
MIB = 1 << 20
# MaxFileLength of Kubeflow's API server.
KUBEFLOW_UPLOAD_BYTES = 32 * MIB
# Argo keeps a workflow in one object of etcd, which takes 1.5 MiB; Vertex AI publishes no limit.
LARGE_BYTES = MIB
# A pipeline of 56 tasks was an object of 1.95 MiB (kubeflow/pipelines issue 13738).
MANY_TASKS = 40


def upload(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse a package that the API server does not take."""
    if checked.size_bytes > KUBEFLOW_UPLOAD_BYTES:
        message = f"expected up to 32 MiB; received {_megabytes(checked)}"
        yield problem(RULE, "package", message, _REMEDY)


def large(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Warn of a package that may not fit where the target keeps it."""
    if LARGE_BYTES < checked.size_bytes <= KUBEFLOW_UPLOAD_BYTES:
        message = f"expected about 1 MiB at most; received {_megabytes(checked)}"
        yield warning(RULE, "package", message, _REMEDY)


def many_tasks(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Warn of more tasks than a workflow object holds with certainty."""
    if len(checked.tasks) > MANY_TASKS:
        message = (
            f"expected up to {MANY_TASKS} tasks in one workflow; received {len(checked.tasks)}"
        )
        yield warning("tasks", "package", message, "Join small tasks, or split the pipeline.")


_REMEDY = "Move what is embedded in it (code, data, long descriptions) into an image or a bucket."


def _megabytes(checked: Checked) -> str:
    return f"{checked.size_bytes / MIB:.1f} MiB"
