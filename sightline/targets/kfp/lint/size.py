"""How much one run of Kubeflow Pipelines takes."""

from collections.abc import Iterator

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem, warning
from sightline.lint.parameters import size_of
from sightline.targets.kfp.sent_parameters import sent_parameters
from sightline.targets.kfp.settings import KubeflowTarget

# MaxParameterBytes of Kubeflow's API server for all values of a run: since 2.16, and before.
RUN_BYTES = 20_000
OLDER_RUN_BYTES = 10_000
# A pipeline of 56 tasks was an object of 1.95 MiB (kubeflow/pipelines issue 13738).
MANY_TASKS = 40


def parameters(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Refuse more than Kubeflow's API server takes for one run."""
    size = size_of(sent_parameters(checked.values, checked.parameters))
    if size > OLDER_RUN_BYTES:
        report = problem if size > RUN_BYTES else warning
        message = (
            f"expected up to {RUN_BYTES:,} bytes of parameters ({OLDER_RUN_BYTES:,} before "
            f"Kubeflow Pipelines 2.16); received {size:,}"
        )
        remedy = "Set the long ones in sightline.yaml instead of --set: the package then has them."
        yield report("parameter-size", "parameters", message, remedy)


def tasks(checked: Checked, target: KubeflowTarget) -> Iterator[Finding]:
    """Warn of more tasks than a workflow object holds with certainty."""
    if len(checked.tasks) > MANY_TASKS:
        message = (
            f"expected up to {MANY_TASKS} tasks in one workflow; received {len(checked.tasks)}"
        )
        yield warning("tasks", "package", message, "Join small tasks, or split the pipeline.")
