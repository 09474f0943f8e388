"""Reach: whether tasks can read and write the places that settings name."""

from collections.abc import Iterator

from sightline.ground.storage.addresses import scheme_of
from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, problem
from sightline.lint.places import (
    environment_of,
    named_variables,
    shown,
)
from sightline.project.target import RemoteTarget

RULE = "reach"
STORES = ("gs", "s3")
"""Where a model folder may lie that is at no path."""
READABLE = ("gs", "gcs", "s3", "https", "http")


def variables(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Refuse the name of an environment variable that the task does not have."""
    for task, name, variable in named_variables(checked):
        if variable not in environment_of(task):
            message = f"expected a variable that {task.name} has; received {variable}"
            remedy = target.variable_remedy(f"targets.{checked.target_name}", variable)
            yield problem(RULE, checked.task_where(task, name), message, remedy)


def pipeline_root(checked: Checked, target: RemoteTarget) -> Iterator[Finding]:
    """Look at where the runs keep their artifacts."""
    where = f"targets.{checked.target_name}.pipeline_root"
    root = root_of(checked, target)
    if root and scheme_of(root) not in target.root_schemes:
        words = " or ".join(f"{scheme}://" for scheme in target.root_schemes)
        message = f"expected an address that begins with {words}; received {shown(root)}"
        yield problem(RULE, where, message, "Name a bucket that the tasks may write to.")


def root_of(checked: Checked, target: RemoteTarget) -> str:
    """Return where the runs keep their artifacts; empty where nothing says so."""
    return target.pipeline_root or str(checked.documents[0].get("defaultPipelineRoot", ""))


def unreadable(where: str, scheme: str) -> Finding:
    """Refuse an address that no task can read."""
    words = ", ".join(f"{known}://" for known in ("gs", "s3", "https"))
    message = f"expected {words} or a path; received {scheme}://"
    remedy = "Write s3:// and set AWS_ENDPOINT_URL for a store of your own, such as MinIO."
    return problem(RULE, where, message, remedy)
